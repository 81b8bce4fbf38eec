"""Inputs on which other engines, or Skip, once went wrong: the folder that SKIP_TROUBLE names, else ../shared/trouble beside the
project. With it what the tests of them share: arrays and checkpoints in files, and running skipc."""
import argparse
import array
import json
import math
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

import bodies
import real_data

Shape = tuple[int, ...]


def folder() -> pathlib.Path:
    return pathlib.Path(os.environ.get("SKIP_TROUBLE", real_data.PROJECT.parent / "shared" / "trouble"))


class Case(unittest.TestCase):
    """A temporary folder, and skipc for the bodies that the command line asks for."""

    build = real_data.PROJECT / "build" / "release"
    flags: list[str] = []

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def skipc(self, command: str, *arguments: object, flags: bool = True) -> subprocess.CompletedProcess:
        own = self.flags if flags else []
        return subprocess.run([self.build / "bin" / "skipc", command, *map(str, arguments), *own], capture_output=True, text=True,
                              check=False)

    def succeed(self, command: str, *arguments: object) -> str:
        done = self.skipc(command, *arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def refused(self, command: str, *arguments: object, expected: str) -> None:
        done = self.skipc(command, *arguments)
        self.assertNotEqual(done.returncode, 0)
        self.assertGreater(done.returncode, 0, "ended by a signal")
        self.assertIn(expected, done.stderr)

    def hold_to_right_values(self, spec: str, checkpoint: pathlib.Path, tolerance: float) -> None:
        """What a tiny network makes of its input with this checkpoint, against tiny_y.npy."""
        y, inputs = self.folder / "y.npy", folder() / "checkpoints"
        self.succeed("run", folder() / "specs" / f"{spec}.skip", "--weights", checkpoint, "--input", inputs / "tiny_x.npy", "--output",
                     y)
        (shape, got), (right_shape, right) = read_npy(y), read_npy(inputs / "tiny_y.npy")
        self.assertEqual(shape, right_shape)
        self.assertLess(max(abs(a - b) for a, b in zip(got, right)) / max(map(abs, right)), tolerance)


def main(cases: type[Case]) -> None:
    """Runs the tests of the calling module; `cases` is the class whose builds the options describe."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=Case.build)
    bodies.add_option(parser)
    arguments, rest = parser.parse_known_args()
    if not folder().exists():
        print(f"skipped: there is no {folder()} (set SKIP_TROUBLE to such a folder)")
        sys.exit(real_data.SKIPPED)
    bodies.skip_unless_run(str(arguments.build / "bin" / "skipc"), arguments.bodies)
    cases.build, cases.flags = arguments.build, bodies.FLAGS[arguments.bodies]
    unittest.main(argv=[sys.argv[0], *rest], module="__main__")


def write_npy(path: pathlib.Path, shape: Shape, values: list[float]) -> pathlib.Path:
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    header = text.ljust((len(text) + 10) // 64 * 64 + 53) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + array.array("f", values).tobytes())
    return path


def read_npy(path: pathlib.Path) -> tuple[Shape, list[float]]:
    data = path.read_bytes()
    begin = 10 + struct.unpack("<H", data[8:10])[0]
    header = data[10:begin].decode()
    assert "'<f4'" in header and "False" in header, header
    shape = tuple(int(number) for number in re.search(r"\(([^)]*)\)", header)[1].split(",") if number.strip())
    return shape, array.array("f", data[begin:]).tolist()


def write_safetensors(path: pathlib.Path, tensors: dict[str, tuple[Shape, list[float]]]) -> pathlib.Path:
    header, offset = {}, 0
    for name, (shape, values) in tensors.items():
        assert len(values) == math.prod(shape), name
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + 4 * len(values)]}
        offset += 4 * len(values)
    text = json.dumps(header).encode()
    data = b"".join(array.array("f", values).tobytes() for _, values in tensors.values())
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path
