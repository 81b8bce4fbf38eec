"""Safetensors files, read as float32 and written: 8 bytes that give the header's length, a JSON header, the tensors' bytes."""

from __future__ import annotations

import json
import lzma
import struct
from pathlib import Path

import numpy as np

Tensors = dict[str, np.ndarray]


def _widen(raw: bytes, dtype: str) -> np.ndarray:
    if dtype == "F32":
        return np.frombuffer(raw, "<f4")
    if dtype == "F16":
        return np.frombuffer(raw, "<f2").astype(np.float32)
    if dtype == "BF16":  # the upper half of a float32
        return (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
    raise ValueError(f"tensors of type {dtype} are not read: F32, F16 and BF16 are")


def read_safetensors(path: Path) -> Tensors:
    """All floating-point tensors of the file; counters (integers) are left out."""
    data = path.read_bytes()
    (header_size,) = struct.unpack_from("<Q", data)
    start = 8 + header_size
    tensors: Tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if name == "__metadata__" or entry["dtype"].startswith(("I", "U", "BOOL")):
            continue
        first, last = entry["data_offsets"]
        tensors[name] = _widen(data[start + first : start + last], entry["dtype"]).reshape(entry["shape"])
    return tensors


def write_safetensors(path: Path, tensors: Tensors) -> None:
    header: dict[str, object] = {}
    end = 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [end, end + 4 * tensor.size]}
        end += 4 * tensor.size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(np.ascontiguousarray(tensor, "<f4").tobytes())


def unpacked(path: Path, folder: Path) -> Path:
    """The file itself, or where it is packed (.xz) its content below `folder`."""
    if path.suffix != ".xz":
        return path
    target = folder / path.stem
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        part.write_bytes(lzma.decompress(path.read_bytes()))
        part.rename(target)
    return target
