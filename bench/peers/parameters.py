"""Where a network's parameters come from: a checkpoint, or random numbers under which activations stay of order one.

He's initialisation keeps the second moment through convolution and relu. Each block adds its branch to what came in, so the batch
norm that ends a branch is scaled by 1 / sqrt(blocks): over n blocks the second moment grows by at most (1 + 2 / n)^n < 7.4. Each
tensor draws from a generator of its own, seeded by its name, so that a change to one layer leaves the others as they were.
"""

from __future__ import annotations

import zlib
from typing import Protocol

import numpy as np

from checkpoint import Tensors


class Parameters(Protocol):
    """Gives the tensor of that name and shape; `scale` is for those that are drawn."""

    def filter(self, name: str, shape: tuple[int, ...], scale: float) -> np.ndarray: ...

    def vector(self, name: str, size: int, scale: float) -> np.ndarray: ...


class CheckpointParameters:
    def __init__(self, tensors: Tensors) -> None:
        self.tensors = tensors

    def filter(self, name: str, shape: tuple[int, ...], scale: float) -> np.ndarray:
        found = self.tensors.get(name)
        if found is None:
            raise ValueError(f"the checkpoint has no `{name}`")
        if found.shape != shape:
            raise ValueError(f"the checkpoint's `{name}` is {found.shape}, the network wants {shape}")
        return found

    def vector(self, name: str, size: int, scale: float) -> np.ndarray:
        return self.filter(name, (size,), scale)


class RandomParameters:
    """`tensors` holds what was drawn so far, to be written for Skip."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.tensors: Tensors = {}

    def _generator(self, name: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])

    def filter(self, name: str, shape: tuple[int, ...], scale: float) -> np.ndarray:
        deviation = scale * np.sqrt(2 / np.prod(shape[1:]))
        self.tensors[name] = (deviation * self._generator(name).standard_normal(shape)).astype(np.float32)
        return self.tensors[name]

    def vector(self, name: str, size: int, scale: float) -> np.ndarray:
        random = self._generator(name)
        if name.endswith(".running_var"):
            values = random.uniform(0.8, 1.2, size)
        elif name.endswith(".weight"):
            values = scale * random.uniform(0.8, 1.2, size)
        elif name.endswith(".running_mean"):
            values = 0.1 * random.standard_normal(size)
        else:
            values = 0.1 * scale * random.standard_normal(size)
        self.tensors[name] = values.astype(np.float32)
        return self.tensors[name]
