#!/usr/bin/env python3
"""Five steps of `skipc train --exact` give the losses, weights, running statistics and momenta that PyTorch gives in double
precision (parity/make_goldens.py).

    training_parity.py --skipc build/release/bin/skipc [NAME...]

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

LOSS_BOUND = 1e-4  # relative
# Of tensors in L2: weights and running statistics, then momenta. Where relus stand behind batch norms, roundings turn some on or off;
# PyTorch in single precision is off by up to 1.6e-4 and 2.1e-2 from drawn values.
BOUNDS = {"vgg": (1e-5, 1e-5), "resnet20_trained": (1e-4, 1e-1)}
BOUNDS_WITH_BATCH_NORM = (1e-3, 1e-1)


def train(skipc: str, name: str, shapes: dict[str, list[int]], folder: pathlib.Path) -> list[float]:
    spec, defines, batch, rate = draws.NETWORKS[name]
    draws.write_pictures(folder / "pictures.bin")
    draws.write_safetensors(folder / "first.safetensors", draws.first_values(name, shapes))
    command = [skipc, "train", str(HERE / spec) if spec.endswith(".skip") else spec, "--data", str(folder / "pictures.bin"),
               "--weights", str(folder / "first.safetensors"), "-o", str(folder / "out"), "--steps", str(draws.STEPS), "--exact"]
    for setting in (f"batch={batch}", f"rate.start={rate}", "groups=1", "hold_out=0", "augment=none", "shuffle=false", "warm_up=none"):
        command += ["--set", setting]
    for define in defines:
        command += ["-D", define]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
    lines = [json.loads(line) for line in (folder / "out" / "metrics.jsonl").read_text().splitlines()]
    return [line["loss"] for line in lines if "loss" in line]


def tensor_error(key: str, tensor: np.ndarray, golden: dict[str, object]) -> float:
    differences = np.array(draws.project(key, tensor)) - np.array(golden["projections"])
    return float(np.sqrt(np.mean(differences**2)) / golden["norm"])


def check(skipc: str, name: str, golden: dict[str, object]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        losses = train(skipc, name, golden["shapes"], pathlib.Path(folder))
        tensors = draws.read_safetensors(pathlib.Path(folder) / "out" / "last.safetensors")
    if len(losses) != draws.STEPS:
        return [f"{len(losses)} losses of {draws.STEPS}"]
    loss_errors = [abs(loss - wanted) / wanted for loss, wanted in zip(losses, golden["losses"])]
    missing = sorted(set(golden["tensors"]) - set(tensors))
    errors = {key: tensor_error(key, tensors[key], each) for key, each in golden["tensors"].items() if key in tensors}
    worst = max(errors, key=errors.get)
    print(f"{name}: losses off by {max(loss_errors):.2g}, worst tensor {worst} by {errors[worst]:.2g}")
    faults = [f"the checkpoint has no {key}" for key in missing]
    bounds = BOUNDS.get(name, BOUNDS_WITH_BATCH_NORM)
    faults += [f"step {step + 1}: a loss off by {error:.2g}" for step, error in enumerate(loss_errors) if not error <= LOSS_BOUND]
    return faults + [f"{key}: off by {error:.2g} in L2" for key, error in errors.items()
                     if not error <= bounds[key.startswith("optimizer.")]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(draws.NETWORKS))
    parser.add_argument("--skipc", required=True)
    arguments = parser.parse_args()
    goldens = json.loads((HERE / "goldens.json").read_text())
    faults = [f"{name}: {fault}" for name in arguments.names for fault in check(arguments.skipc, name, goldens[name])]
    print("\n".join(faults[:20]) or "as PyTorch")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
