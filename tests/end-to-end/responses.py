#!/usr/bin/env python3
"""`skipc analyze --responses` prints the standard deviations that NumPy computes of the same network on the same pictures.

    responses.py --skipc build/release/bin/skipc

Skipped (exit code 77) without numpy.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

DEBIANS = "/usr/bin/python3"  # which may have numpy where another Python comes first

try:
    import numpy as np
except ImportError:
    if os.path.realpath(sys.executable) != os.path.realpath(DEBIANS) and os.path.exists(DEBIANS):
        os.execv(DEBIANS, [DEBIANS, *sys.argv])
    print("skipped: needs numpy")
    sys.exit(77)

HERE = pathlib.Path(__file__).parent / "parity"
sys.path.insert(0, str(HERE))
import draws  # noqa: E402

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # as in bottleneck.skip
PICTURES = 21  # no multiple of what is run at once
BOUND = 1e-5  # relative


class Network:
    """bottleneck.skip in double precision; `deviations` has what it met, in order."""

    def __init__(self, tensors: dict[str, np.ndarray]) -> None:
        self.tensors = {key: value.astype(np.float64) for key, value in tensors.items()}
        self.deviations: dict[str, float] = {}

    def conv(self, name: str, norm: str, x: np.ndarray, stride: int = 1) -> np.ndarray:
        """With its batch norm."""
        weights = self.tensors[f"{name}.weight"]
        side = weights.shape[2]
        pad = side // 2
        padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        height, width = (x.shape[2] - 1) // stride + 1, (x.shape[3] - 1) // stride + 1
        y = np.zeros((len(x), len(weights), height, width))
        for row in range(side):
            for column in range(side):
                part = padded[:, :, row : row + stride * (height - 1) + 1 : stride, column : column + stride * (width - 1) + 1 : stride]
                y += np.einsum("nihw,oi->nohw", part, weights[:, :, row, column], optimize=True)
        of = {key: self.tensors[f"{norm}.{key}"][:, None, None] for key in ("weight", "bias", "running_mean", "running_var")}
        y = (y - of["running_mean"]) / np.sqrt(of["running_var"] + 1e-5) * of["weight"] + of["bias"]
        if side == 3:
            self.deviations[name] = float(np.std(y))
        return y

    def block(self, name: str, x: np.ndarray, stride: int) -> np.ndarray:
        y = np.maximum(self.conv(f"{name}.conv1", f"{name}.bn1", x), 0)
        y = np.maximum(self.conv(f"{name}.conv2", f"{name}.bn2", y, stride), 0)
        y = self.conv(f"{name}.conv3", f"{name}.bn3", y)
        projects = f"{name}.downsample.0.weight" in self.tensors
        return np.maximum(y + (self.conv(f"{name}.downsample.0", f"{name}.downsample.1", x, stride) if projects else x), 0)

    def run(self, x: np.ndarray) -> None:
        x = np.maximum(self.conv("conv1", "bn1", x), 0)
        for stage in (1, 2):
            for block in (0, 1):
                x = self.block(f"layer{stage}.{block}", x, 2 if (stage, block) == (2, 0) else 1)


def analyze(skipc: str, folder: pathlib.Path, option: str, *more: str) -> dict[str, object]:
    spec = str(HERE / "bottleneck.skip")
    command = [skipc, "analyze", spec, "-D", f"shortcut={option}", "--weights", str(folder / f"{option}.safetensors"), "--data",
               str(folder / "pictures.bin"), "--responses", "--json", "--images", str(PICTURES), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def compare(model: dict[str, object], expected: dict[str, float]) -> list[str]:
    got = {each["layer"]: each["std"] for each in model["responses"]}
    if list(got) != list(expected):
        return [f"{model['model']}: layers {list(got)}, expected {list(expected)}"]
    worst = max(abs(got[name] - value) / value for name, value in expected.items())
    print(f"{model['model']}: {len(got)} layers, off by {worst:.1e}")
    return [] if worst <= BOUND else [f"{model['model']}: {got}, expected {expected}"]


def expected_of(folder: pathlib.Path, option: str, pixels: np.ndarray) -> dict[str, float]:
    shapes = json.loads((HERE / "goldens.json").read_text())[f"bottleneck_{option.lower()}"]["shapes"]
    tensors = {key: draws.drawn_value(key, shape) for key, shape in shapes.items()}
    draws.write_safetensors(folder / f"{option}.safetensors", tensors)
    network = Network(tensors)
    network.run((pixels[:PICTURES] / 255 - np.array(MEAN)[:, None, None]) / np.array(DEVIATION)[:, None, None])
    return network.deviations


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skipc", required=True)
    skipc = parser.parse_args().skipc
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        draws.write_pictures(folder / "pictures.bin")
        pixels, _ = draws.pictures()
        expected = {option: expected_of(folder, option, pixels) for option in ("B", "C")}
        also = f"{HERE / 'bottleneck.skip'} -D shortcut=C --weights {folder / 'C.safetensors'}"
        both = analyze(skipc, folder, "B", "--also", also, "-o", str(folder / "both.svg"), "--threads", "2")
        faults = [fault for model, option in zip(both["models"], "BC") for fault in compare(model, expected[option])]
        if analyze(skipc, folder, "B", "--threads", "3")["models"][0] != both["models"][0]:
            faults.append("3 threads give other numbers than 2")
        lines = xml.etree.ElementTree.parse(folder / "both.svg").findall(".//{http://www.w3.org/2000/svg}polyline")
        points = [len(line.get("points").split()) for line in lines]
        if points != 2 * [len(expected["B"]), len(expected["C"])]:
            faults.append(f"the picture's lines have {points} points")
    print("\n".join(faults) or "as NumPy")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
