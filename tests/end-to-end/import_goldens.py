#!/usr/bin/env python3
"""Graphs that PyTorch exported, with weights drawn anew, are imported and give what ONNX Runtime gave (import/make_goldens.py).

    import_goldens.py --build build/release [NAME...]

Skipped (exit code 77) without numpy.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

DEBIANS = "/usr/bin/python3"  # which may have numpy where another Python comes first

try:
    import numpy as np
except ImportError:
    if os.path.realpath(sys.executable) != os.path.realpath(DEBIANS) and os.path.exists(DEBIANS):
        os.execv(DEBIANS, [DEBIANS, *sys.argv])
    print("skipped: needs numpy")
    sys.exit(77)

sys.path.insert(0, str(pathlib.Path(__file__).parent / "import"))
import goldens  # noqa: E402
import networks  # noqa: E402

BOUND = 1e-4  # of the largest output


def run(*command) -> subprocess.CompletedProcess:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)


def check(skipc: pathlib.Path, name: str, golden: dict[str, object], folder: pathlib.Path) -> str:
    """What is wrong; nothing if nothing is."""
    (folder / "model.onnx").write_bytes(goldens.with_weights(golden))
    done = run(skipc, "import", folder / "model.onnx", "-o", folder, "--name", "imported")
    if name in networks.REFUSED:
        return "" if done.returncode == 2 and networks.REFUSED[name] in done.stderr else f"not refused as it should be: {done.stderr}"
    if done.returncode != 0:
        return done.stderr
    np.save(folder / "x.npy", goldens.images())
    done = run(skipc, "run", folder / "imported.skip", "--weights", folder / "imported.safetensors", "--input", folder / "x.npy",
               "--output", folder / "y.npy")
    if done.returncode != 0:
        return done.stderr
    wanted = np.array(golden["outputs"])
    error = np.abs(np.load(folder / "y.npy").reshape(-1) - wanted).max() / np.abs(wanted).max()
    print(f"{name}: {error:.1e} of the largest output", flush=True)
    return "" if error <= BOUND else f"the outputs differ by {error:.2g}, at most {BOUND} is right"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    known, wrong = goldens.load(), 0
    for name in arguments.names or known:
        with tempfile.TemporaryDirectory() as folder:
            if problem := check(arguments.build.resolve() / "bin" / "skipc", name, known[name], pathlib.Path(folder)):
                wrong += 1
                print(f"WRONG: {name}: {problem}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
