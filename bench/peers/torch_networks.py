"""The residual networks as PyTorch modules, with the names that their public checkpoints have."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from networks import Network


def _conv(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)


class OptionA(nn.Module):
    """Every second pixel, and zeros around the channels."""

    def __init__(self, more: int) -> None:
        super().__init__()
        self.pads = (0, 0, 0, 0, more // 2, more - more // 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.pad(x[:, :, ::2, ::2], self.pads)


class Block(nn.Module):
    """Basic, or a bottleneck with its stride in the 3x3 convolution."""

    def __init__(self, net: Network, channels: int, width: int, stride: int) -> None:
        super().__init__()
        kernels, self.outputs = ((1, 3, 1), 4 * width) if net.bottleneck else ((3, 3), width)
        self.count, inputs = len(kernels), channels
        for index, kernel in enumerate(kernels, 1):
            outputs = self.outputs if index == self.count else width
            strides = stride if index == (2 if net.bottleneck else 1) else 1
            self.add_module(f"conv{index}", _conv(inputs, outputs, kernel, strides))
            self.add_module(f"bn{index}", nn.BatchNorm2d(outputs))
            inputs = outputs
        self.shortcut: nn.Module = nn.Identity()
        if net.imagenet and (stride != 1 or channels != self.outputs):
            self.downsample = nn.Sequential(_conv(channels, self.outputs, 1, stride), nn.BatchNorm2d(self.outputs))
        elif stride != 1:
            self.shortcut = OptionA(self.outputs - channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x
        for index in range(1, self.count + 1):
            y = getattr(self, f"bn{index}")(getattr(self, f"conv{index}")(y))
            y = F.relu(y, inplace=True) if index < self.count else y
        shortcut = self.downsample(x) if hasattr(self, "downsample") else self.shortcut(x)
        return F.relu(y + shortcut, inplace=True)


class Residual(nn.Module):
    def __init__(self, net: Network) -> None:
        super().__init__()
        self.net, channels = net, net.widths[0]
        self.conv1 = nn.Conv2d(3, channels, 7, 2, 3, bias=False) if net.imagenet else _conv(3, channels, 3, 1)
        self.bn1 = nn.BatchNorm2d(channels)
        for index, (blocks, width) in enumerate(zip(net.blocks, net.widths), 1):
            stage = nn.Sequential()
            for block in range(blocks):
                stage.append(Block(net, channels, width, 2 if index > 1 and block == 0 else 1))
                channels = stage[-1].outputs
            self.add_module(f"layer{index}", stage)
        self.add_module(net.head, nn.Linear(channels, net.classes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        if self.net.imagenet:
            x = F.max_pool2d(x, 3, 2, 1)
        for index in range(1, len(self.net.blocks) + 1):
            x = getattr(self, f"layer{index}")(x)
        return getattr(self, self.net.head)(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))
