"""What a training is compared on: pictures and first values, drawn alike wherever they are needed."""

from __future__ import annotations

import json
import pathlib
import struct
import zlib

import numpy as np

STEPS, PICTURES, CLASSES = 5, 640, 10
PROJECTIONS = 8

# name: spec (of the catalogue, or a file beside this one), defines, batch, first rate. Rates are low: as they grow, roundings
# turn relus on and off, and single-precision trainings part from each other.
NETWORKS = {
    "resnet20": ("cifar_resnet", ["depth=20"], 128, 0.01),
    "resnet20_trained": ("cifar_resnet", ["depth=20"], 128, 0.001),
    "bottleneck_b": ("bottleneck.skip", ["shortcut=B"], 32, 0.01),
    "bottleneck_c": ("bottleneck.skip", ["shortcut=C"], 32, 0.01),
    "vgg": ("vgg.skip", [], 32, 0.002),
}


def generator(name: str) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))


def pictures() -> tuple[np.ndarray, np.ndarray]:
    """[n, 3, 32, 32] of uint8, with something to learn in them, and labels."""
    draws = generator("pictures")
    labels = draws.integers(0, CLASSES, PICTURES)
    means = draws.normal(0, 1, (CLASSES, 3, 4, 4)).repeat(8, axis=2).repeat(8, axis=3)
    pixels = 128 + 30 * means[labels] + draws.normal(0, 40, (PICTURES, 3, 32, 32))
    return np.clip(pixels, 0, 255).astype(np.uint8), labels.astype(np.uint8)


def write_pictures(path: pathlib.Path) -> None:
    """As a file of CIFAR-10's binary version."""
    pixels, labels = pictures()
    path.write_bytes(b"".join(bytes([label]) + picture.tobytes() for picture, label in zip(pixels, labels)))


CHECKPOINTS = {"resnet20_trained": pathlib.Path(__file__).parents[3] / "models" / "checkpoints" / "cifar10-resnet20.safetensors"}


def first_values(network: str, shapes: dict[str, list[int]]) -> dict[str, np.ndarray]:
    """Of a checkpoint where the network has one, else drawn."""
    trained = read_safetensors(CHECKPOINTS[network]) if network in CHECKPOINTS else {}
    return {name: trained[name] if trained else drawn_value(name, shape) for name, shape in shapes.items()}


def drawn_value(name: str, shape: list[int]) -> np.ndarray:
    draws = generator(name)
    if len(shape) > 1:
        return draws.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape).astype(np.float32)
    if name.endswith("running_var") or (name.endswith("weight")):
        return draws.uniform(0.8, 1.2, shape).astype(np.float32)
    return draws.normal(0, 0.1, shape).astype(np.float32)


def write_safetensors(path: pathlib.Path, tensors: dict[str, np.ndarray]) -> None:
    header, offset = {}, 0
    for name, array in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(array.tobytes() for array in tensors.values()))


def read_safetensors(path: pathlib.Path) -> dict[str, np.ndarray]:
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    return {name: np.frombuffer(data[8 + length + entry["data_offsets"][0] : 8 + length + entry["data_offsets"][1]],
                                np.float32).reshape(entry["shape"])
            for name, entry in header.items()}


def project(name: str, array: np.ndarray) -> list[float]:
    """Products with random signs, the mean square of which is the squared L2 norm: so norms of differences can be had without
    the tensor that is compared with."""
    signs = generator("signs " + name).choice([-1.0, 1.0], (PROJECTIONS, array.size))
    return (signs @ array.astype(np.float64).ravel()).tolist()
