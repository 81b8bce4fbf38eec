#!/usr/bin/env python3
"""CIFAR's ResNet-20 for CUDA, as a program uses it, on the device of SKIP_CUDA_DRIVER: each step by `skipc verify`, and with its public
checkpoint the classes of pictures, which are to be those of the library for x86. In f32 all of them, in bf16 and f16 nearly all.

    SKIP_CUDA_DRIVER=build/release/lib/libskip-cuda-emulator.so cuda_classes.py --build build/release
    SKIP_CUDA_DRIVER=... SKIP_EMULATOR_CHECKS=off cuda_classes.py --build build/release --count 200 --precisions f32,tf32,bf16,f16

Without checkpoint and pictures (real_data.py) steps are held against the reference and no classes are compared.
"""
from __future__ import annotations

import argparse
import ctypes
import pathlib
import subprocess
import sys
import tempfile

import real_data

SPEC = ["cifar_resnet", "-D", "depth=20"]
BATCH, CLASSES, SIDE = 20, 10, 32
PLANE, RECORD = SIDE * SIDE, 1 + 3 * SIDE * SIDE
MOST_DIFFERENT = {"f32": 0, "tf32": 0.01, "f16": 0.01, "bf16": 0.01}  # of the pictures


class Library:
    """A compiled model in this process, with its embedded weights."""

    def __init__(self, path: pathlib.Path):
        self.library = ctypes.CDLL(str(path))
        self.library.net_last_error.restype = ctypes.c_char_p
        self.library.net_model_target.restype = ctypes.c_char_p
        self.made: list[tuple[str, ctypes.c_void_p]] = []
        self.model = self.create("model_create")
        weights = self.create("weights_embedded", self.model)
        self.context = self.create("context_create", self.model, weights, None)

    def check(self, status: int) -> None:
        if status:
            raise RuntimeError(self.library.net_last_error().decode())

    def create(self, call: str, *arguments: object) -> ctypes.c_void_p:
        handle = ctypes.c_void_p()
        self.check(getattr(self.library, f"net_{call}")(*arguments, ctypes.byref(handle)))
        self.made.append((call.split("_")[0], handle))
        return handle

    def destroy(self) -> None:
        for kind, handle in reversed(self.made):
            getattr(self.library, f"net_{kind}_destroy")(handle)

    def classes(self, pictures: bytes, count: int) -> list[int]:
        values = (ctypes.c_float * (count * 3 * PLANE))()
        self.check(self.library.net_normalize_rgb8(self.model, pictures, ctypes.c_int64(count), ctypes.c_int64(SIDE), ctypes.c_int64(SIDE),
                                                   values))
        scores = (ctypes.c_float * (count * CLASSES))()
        pointers = ctypes.POINTER(ctypes.c_float) * 1
        self.check(self.library.net_run(self.context, ctypes.c_int64(count), pointers(values), pointers(scores)))
        rows = [scores[i * CLASSES:(i + 1) * CLASSES] for i in range(count)]
        return [row.index(max(row)) for row in rows]


def read_pictures(build: pathlib.Path, count: int) -> bytes:
    """The first test pictures, of each pixel R, G, B."""
    with (real_data.unpacked(build, "cifar10") / "test_batch.bin").open("rb") as file:
        records = file.read(count * RECORD)
    pixels = bytearray(count * 3 * PLANE)
    for i in range(count):
        for channel in range(3):
            plane = records[i * RECORD + 1 + channel * PLANE:][:PLANE]
            pixels[i * 3 * PLANE + channel:(i + 1) * 3 * PLANE:3] = plane
    return bytes(pixels)


def classes_of(arguments: argparse.Namespace, flags: list[str], target: str, pictures: bytes) -> list[int]:
    weights = real_data.checkpoint(arguments.build, "cifar10-resnet20-akamaster")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([str(arguments.build / "bin" / "skipc"), "build", *SPEC, "--weights", str(weights), "--name", "net", "--batch",
                        str(BATCH), "--emit=shared", "-o", folder, *flags], check=True)
        library = Library(pathlib.Path(folder) / "libnet.so")
        if library.library.net_model_target(library.model) != target.encode():
            raise RuntimeError(f"the library runs on {library.library.net_model_target(library.model)}, not on {target}")
        classes: list[int] = []
        for first in range(0, arguments.count, BATCH):
            count = min(BATCH, arguments.count - first)
            classes += library.classes(pictures[first * 3 * PLANE:(first + count) * 3 * PLANE], count)
        library.destroy()
        return classes


def verify(arguments: argparse.Namespace, precision: str) -> bool:
    command = [str(arguments.build / "bin" / "skipc"), "verify", *SPEC, "--target=cuda", "--precision", precision]
    print(" ".join(command[1:]), flush=True)
    return subprocess.run(command, check=False).returncode == 0


def compare(arguments: argparse.Namespace) -> bool:
    pictures = read_pictures(arguments.build, arguments.count)
    expected, good = classes_of(arguments, ["--target-cpu=native"], "x86", pictures), True
    for precision in arguments.precisions:
        classes = classes_of(arguments, ["--target=cuda", "--precision", precision], "cuda", pictures)
        different = [i for i, (mine, others) in enumerate(zip(classes, expected)) if mine != others]
        print(f"{precision}: {arguments.count - len(different)} of {arguments.count} classes are those of x86; others: {different or 'none'}",
              flush=True)
        good &= len(different) <= MOST_DIFFERENT[precision] * arguments.count
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=real_data.PROJECT / "build" / "release")
    parser.add_argument("--count", type=int, default=20, help="pictures (default: 20)")
    parser.add_argument("--precisions", type=lambda text: text.split(","), default=["f32", "bf16"])
    arguments = parser.parse_args()
    good = all([verify(arguments, precision) for precision in arguments.precisions])
    if not (real_data.source() / "unpack.py").exists():
        print(f"no classes compared: no data at {real_data.source()}")
        return 0 if good else 1
    return 0 if compare(arguments) and good else 1


if __name__ == "__main__":
    sys.exit(main())
