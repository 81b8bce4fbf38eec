"""The networks that are compared: their names, their specs in Skip's language, their shapes and their public checkpoints."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

IMAGENET_DEPTHS: dict[int, tuple[bool, tuple[int, ...]]] = {  # depth: (bottlenecks?, blocks of each layer)
    18: (False, (2, 2, 2, 2)),
    34: (False, (3, 4, 6, 3)),
    50: (True, (3, 4, 6, 3)),
    101: (True, (3, 4, 23, 3)),
    152: (True, (3, 8, 36, 3)),
}
DEFAULT_NAMES = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "cifar_resnet20", "cifar_resnet110")


@dataclass(frozen=True)
class Network:
    """One residual network of He et al. (2016): Table 1 (`imagenet`) or section 4.2 (CIFAR-10)."""

    name: str
    imagenet: bool
    bottleneck: bool
    blocks: tuple[int, ...]
    widths: tuple[int, ...]
    side: int
    classes: int
    head: str  # the name of the last layer's parameters
    spec: tuple[str, ...]  # skipc's arguments: a file below models/, and its parameters
    checkpoint_pattern: str

    def spec_arguments(self, models: Path) -> list[str]:
        return [str(models / self.spec[0]), *self.spec[1:]]

    def input_shape(self, batch: int) -> list[int]:
        return [batch, 3, self.side, self.side]


def imagenet_network(depth: int) -> Network:
    bottleneck, blocks = IMAGENET_DEPTHS[depth]
    return Network(f"resnet{depth}", True, bottleneck, blocks, (64, 128, 256, 512), 224, 1000, "fc",
                   (f"resnet{depth}.skip",), f"imagenet-resnet{depth}-*.safetensors*")


def cifar_network(depth: int) -> Network:
    blocks = (depth - 2) // 6
    return Network(f"cifar_resnet{depth}", False, False, (blocks,) * 3, (16, 32, 64), 32, 10, "linear",
                   ("cifar_resnet.skip", "-D", f"depth={depth}"), f"cifar10-resnet{depth}-*.safetensors*")


def network(name: str) -> Network:
    """Raises ValueError with a sentence for the user where there is no such network."""
    match = re.fullmatch(r"(cifar_)?resnet(\d+)", name)
    depth = int(match[2]) if match else 0
    if match and not match[1] and depth in IMAGENET_DEPTHS:
        return imagenet_network(depth)
    if match and match[1] and depth >= 8 and depth % 6 == 2:
        return cifar_network(depth)
    raise ValueError(f"no network is called `{name}`: there are {', '.join(DEFAULT_NAMES)}, and cifar_resnetN for every N = 6n + 2")
