"""Graphs of exported networks without their weights (goldens.json), and what is put in their place: numbers by the tensors' names."""

from __future__ import annotations

import base64
import json
import pathlib
import sys
import zlib

import numpy as np

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "tool" / "Inputs"))
from onnx_file import field  # noqa: E402

SIZE = 64


def generator(name: str) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))


def images() -> np.ndarray:
    return generator("images").normal(0, 1, (1, 3, SIZE, SIZE)).astype(np.float32)


def weight(name: str, dims: list[int]) -> np.ndarray:
    draws = generator(name)
    if len(dims) > 1:
        return draws.normal(0, np.sqrt(2 / np.prod(dims[1:])), dims).astype(np.float32)
    if name.endswith(("running_var", ".weight")):
        return draws.uniform(0.5, 1.0, dims).astype(np.float32)
    return draws.normal(0, 0.1, dims).astype(np.float32)


def tensor(name: str, dims: list[int]) -> bytes:
    return b"".join(field(1, dim) for dim in dims) + field(2, 1) + field(8, name) + field(9, weight(name, dims).tobytes())


def with_weights(golden: dict[str, object]) -> bytes:
    """Two messages one behind the other are one that has the fields of both."""
    graph = zlib.decompress(base64.b85decode(golden["graph"]))
    return graph + field(7, b"".join(field(5, tensor(name, dims)) for name, dims in golden["weights"]))


def load() -> dict[str, dict[str, object]]:
    return json.loads((HERE / "goldens.json").read_text())
