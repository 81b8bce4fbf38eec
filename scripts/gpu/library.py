"""A compiled model in this process, by its C API, with nothing but Python's standard library."""
from __future__ import annotations

import ctypes
import json
import math
import pathlib
import random
import struct

FLOAT_POINTER = ctypes.POINTER(ctypes.c_float)


class StepEvent(ctypes.Structure):
    _fields_ = [("index", ctypes.c_int64), ("name", ctypes.c_char_p), ("seconds", ctypes.c_double),
                ("results", ctypes.POINTER(ctypes.c_void_p)), ("result_count", ctypes.c_int32), ("first_image", ctypes.c_int64),
                ("images", ctypes.c_int64), ("plan", ctypes.c_int64)]


OBSERVER = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(StepEvent))


class Library:
    """Of a folder that `skipc build --name net` wrote; runs on the first target that it can."""

    def __init__(self, folder: pathlib.Path, weights: pathlib.Path):
        self.manifest = json.loads((folder / "net.json").read_text(encoding="utf-8"))
        self.library = ctypes.CDLL(str(folder / "libnet.so"))
        for call in ("last_error", "model_target", "model_isa"):
            getattr(self.library, f"net_{call}").restype = ctypes.c_char_p
        self.library.net_model_max_batch.restype = ctypes.c_int64
        self.made: list[tuple[str, ctypes.c_void_p]] = []
        self.model = self.create("model_create")
        loaded = self.create("weights_load_file", self.model, str(weights).encode(), kind="weights")
        self.context = self.create("context_create", self.model, loaded, None)

    def check(self, status: int) -> None:
        if status:
            raise RuntimeError(self.library.net_last_error().decode())

    def create(self, call: str, *arguments: object, kind: str = "") -> ctypes.c_void_p:
        handle = ctypes.c_void_p()
        self.check(getattr(self.library, f"net_{call}")(*arguments, ctypes.byref(handle)))
        self.made.append((kind or call.split("_")[0], handle))
        return handle

    def destroy(self) -> None:
        for kind, handle in reversed(self.made):
            getattr(self.library, f"net_{kind}_destroy")(handle)

    @property
    def target(self) -> str:
        return self.library.net_model_target(self.model).decode()

    @property
    def body(self) -> str:
        return self.library.net_model_isa(self.model).decode()

    def floats(self, direction: str) -> int:
        """Of one image of the only input or output."""
        size = 1
        for dim in self.manifest[direction][0]["dims"][1:]:
            size *= dim
        return size

    def call(self, count: int, source: int, destination: int) -> None:
        """Runs on arrays at these addresses, of the host or the device."""
        pointers = FLOAT_POINTER * 1
        inputs, outputs = (pointers(ctypes.cast(ctypes.c_void_p(at), FLOAT_POINTER)) for at in (source, destination))
        self.check(self.library.net_run(self.context, ctypes.c_int64(count), inputs, outputs))

    def classes(self, rgb: bytes, side: int) -> list[int | None]:
        """Of each picture, of `side` times `side` pixels of R, G and B, what the only output says; nothing where it is no number."""
        size, scores, found = 3 * side * side, self.floats("outputs"), []
        most = self.library.net_model_max_batch(self.model)
        values, rows = (ctypes.c_float * (most * size))(), (ctypes.c_float * (most * scores))()
        for first in range(0, len(rgb), most * size):
            some = rgb[first:first + most * size]
            count, pixels = len(some) // size, ctypes.c_int64(side)
            self.check(self.library.net_normalize_rgb8(self.model, some, ctypes.c_int64(count), pixels, pixels, values))
            self.call(count, ctypes.addressof(values), ctypes.addressof(rows))
            for row in (rows[i * scores:(i + 1) * scores] for i in range(count)):
                found.append(row.index(max(row)) if all(map(math.isfinite, row)) else None)
        return found

    def run(self, values: list[float], count: int) -> list[float]:
        source = (ctypes.c_float * len(values))(*values)
        result = (ctypes.c_float * (count * self.floats("outputs")))()
        self.call(count, ctypes.addressof(source), ctypes.addressof(result))
        return list(result)

    def observe(self, visit) -> None:
        """Calls visit(event) after each step of later runs."""
        self.observer = OBSERVER(lambda user, event: visit(event.contents)) if visit else OBSERVER(0)
        self.check(self.library.net_context_observe(self.context, self.observer, None))


def write_weights(path: pathlib.Path, tensors: list[dict], seed: int = 1) -> None:
    """A checkpoint of numbers drawn from a seed, such that signals neither die nor grow: the same on every machine."""
    draw = random.Random(seed)
    block = [draw.uniform(-1, 1) for _ in range(4099)]  # repeated: a prime, so that no two channels are alike
    header, at, parts = {}, 0, []
    for tensor in tensors:
        count = 1
        for dim in tensor["dims"]:
            count *= dim
        fan = count // tensor["dims"][0]
        scale, offset = ((3 / fan) ** 0.5, 0.0) if len(tensor["dims"]) > 1 else (0.1, 0.0)
        if tensor["name"].endswith("running_var") or (len(tensor["dims"]) == 1 and tensor["name"].endswith("weight")):
            scale, offset = 0.2, 1.0
        data = struct.pack(f"<{len(block)}f", *(offset + scale * value for value in block))
        parts.append((data * (count // len(block) + 1))[:4 * count])
        header[tensor["name"]] = {"dtype": "F32", "shape": tensor["dims"], "data_offsets": [at, at + 4 * count]}
        at += 4 * count
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


def picture(floats: int, seed: int) -> list[float]:
    draw = random.Random(seed)
    return [struct.unpack("<f", struct.pack("<f", draw.gauss(0, 1)))[0] for _ in range(floats)]
