#!/usr/bin/env python3
"""Trains the networks of draws.py with PyTorch in double precision and writes goldens.json. Needs PyTorch.

    make_goldens.py [NAME...]
"""

from __future__ import annotations

import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import draws

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Shortcut(nn.Module):
    """Options A, B and C of section 3.3; `downsample` is torchvision's name."""

    def __init__(self, channels: int, width: int, stride: int, option: str) -> None:
        super().__init__()
        self.more, self.stride = width - channels, stride
        self.projects = option == "C" or (option == "B" and (self.more != 0 or stride != 1))
        if self.projects:
            self.add_module("0", nn.Conv2d(channels, width, 1, stride, bias=False))
            self.add_module("1", nn.BatchNorm2d(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.projects:
            for module in self.children():
                x = module(x)
            return x
        before = self.more // 2
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, before, self.more - before))


class Block(nn.Module):
    """Basic or bottleneck, of convolutions (width, kernel, stride)."""

    def __init__(self, channels: int, layers: list[tuple[int, int, int]], option: str) -> None:
        super().__init__()
        self.count, width, stride, inputs = len(layers), layers[-1][0], max(layer[2] for layer in layers), channels
        for index, (outputs, kernel, step) in enumerate(layers, 1):
            self.add_module(f"conv{index}", nn.Conv2d(inputs, outputs, kernel, step, kernel // 2, bias=False))
            self.add_module(f"bn{index}", nn.BatchNorm2d(outputs))
            inputs = outputs
        self.downsample = Shortcut(channels, width, stride, option)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x
        for index in range(1, self.count + 1):
            y = getattr(self, f"bn{index}")(getattr(self, f"conv{index}")(y))
            y = F.relu(y) if index < self.count else y
        return F.relu(y + self.downsample(x))


class Residual(nn.Module):
    def __init__(self, stages: list[list[list[tuple[int, int, int]]]], option: str, head: str) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)
        channels = 16
        self.stages = []
        for index, blocks in enumerate(stages, 1):
            stage = nn.Sequential()
            for block, layers in enumerate(blocks):
                stage.add_module(str(block), Block(channels, layers, option))
                channels = layers[-1][0]
            self.add_module(f"layer{index}", stage)
            self.stages.append(stage)
        self.add_module(head, nn.Linear(channels, draws.CLASSES))
        self.head = head

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        for stage in self.stages:
            x = stage(x)
        return getattr(self, self.head)(x.mean((2, 3)))


class Vgg(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 20, 3, padding=1), nn.ReLU(),
                                      nn.MaxPool2d(2, 2), nn.Conv2d(20, 24, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        self.classifier = nn.Sequential(nn.Linear(24 * 64, 40), nn.ReLU(), nn.Linear(40, draws.CLASSES))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(torch.flatten(self.features(x), 1))


def basic(width: int, stride: int) -> list[tuple[int, int, int]]:
    return [(width, 3, stride), (width, 3, 1)]


def bottleneck(width: int, stride: int) -> list[tuple[int, int, int]]:
    return [(width, 1, 1), (width, 3, stride), (4 * width, 1, 1)]


def network(name: str) -> nn.Module:
    if name.startswith("resnet20"):
        return Residual([[basic(width, stride if block == 0 else 1) for block in range(3)]
                         for width, stride in ((16, 1), (32, 2), (64, 2))], "A", "linear")
    if name.startswith("bottleneck"):
        return Residual([[bottleneck(width, stride if block == 0 else 1) for block in range(2)]
                         for width, stride in ((8, 1), (16, 2))], name[-1].upper(), "fc")
    return Vgg()


# As in the `train` statements: of PyTorch's own SGD, with the label smoothing and each step's rate.
SETTINGS = {
    "resnet20": ({"momentum": 0.9, "weight_decay": 1e-4}, 0.0, [0.01] * 5),
    "resnet20_trained": ({"momentum": 0.9, "weight_decay": 1e-4}, 0.0, [0.001] * 5),
    "bottleneck_b": ({"momentum": 0.9, "weight_decay": 1e-4}, 0.0, [0.01] * 3 + [0.001] * 2),
    "bottleneck_c": ({"momentum": 0.9, "weight_decay": 1e-4}, 0.0, [0.01] * 3 + [0.001] * 2),
    "vgg": ({"momentum": 0.9, "weight_decay": 5e-4, "nesterov": True}, 0.1, [0.002] * 5),
}


def rounded(value: float) -> float:
    """To far more digits than are compared."""
    return float(f"{value:.9g}")


def golden(name: str) -> dict[str, object]:
    model = network(name).double()
    tensors = {key: value for key, value in model.state_dict().items() if not key.endswith("num_batches_tracked")}
    shapes = {key: list(value.shape) for key, value in tensors.items()}
    with torch.no_grad():
        for key, value in draws.first_values(name, shapes).items():
            tensors[key].copy_(torch.from_numpy(value.astype(np.float64)))
    pixels, labels = draws.pictures()
    inputs = (torch.from_numpy(pixels).double() / 255 - torch.tensor(MEAN).double()[:, None, None]) \
        / torch.tensor(DEVIATION).double()[:, None, None]
    options, smoothing, rates = SETTINGS[name]
    batch = draws.NETWORKS[name][2]
    optimizer = torch.optim.SGD(model.parameters(), lr=rates[0], **options)
    losses = []
    for step, rate in enumerate(rates):
        optimizer.param_groups[0]["lr"] = rate
        some = slice(step * batch, (step + 1) * batch)
        loss = F.cross_entropy(model(inputs[some]), torch.from_numpy(labels[some].astype(np.int64)), label_smoothing=smoothing)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    momenta = {f"optimizer.momentum.{key}": optimizer.state[value]["momentum_buffer"] for key, value in model.named_parameters()}
    final = {key: value.detach().numpy() for key, value in {**tensors, **momenta}.items()}
    return {"shapes": shapes, "losses": losses,
            "tensors": {key: {"norm": rounded(np.linalg.norm(value)),
                              "projections": [rounded(product) for product in draws.project(key, value)]}
                        for key, value in final.items()}}


def main() -> int:
    torch.manual_seed(0)
    path = pathlib.Path(__file__).parent / "goldens.json"
    goldens = json.loads(path.read_text()) if path.exists() else {}
    for name in sys.argv[1:] or draws.NETWORKS:
        goldens[name] = golden(name)
        print(name, goldens[name]["losses"])
    path.write_text(json.dumps(goldens, separators=(",", ":")) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
