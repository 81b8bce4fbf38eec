#!/usr/bin/env python3
"""Public checkpoints must give their published accuracy, to the picture.

    accuracy.py CASE --build BUILD_FOLDER        CASE: one of the table below; by the widest body that runs here
    accuracy.py CASE --bodies avx2               by the AVX2 body

Skipped (exit code 77) where the data is not at hand; see real_data.py.
"""
import argparse
import json
import pathlib
import subprocess
import sys

import bodies
import real_data

# case: spec, defines, checkpoint, data, {count: expected}. The counts are those that the data's own readme states.
CASES = {
    "resnet20": ("cifar_resnet", ["depth=20"], "cifar10-resnet20-akamaster", "cifar10", {"images": 10000, "top1": 9173}),
    "resnet56": ("cifar_resnet", ["depth=56"], "cifar10-resnet56-akamaster", "cifar10", {"images": 10000, "top1": 9339}),
    "resnet110": ("cifar_resnet", ["depth=110"], "cifar10-resnet110-fhempcnn", "cifar10", {"images": 10000, "top1": 9368}),
    "resnet18": ("resnet18", [], "imagenet-resnet18-pqf", "images", {"images": 200, "top1": 161, "top5": 187}),
    "resnet50": ("resnet50", [], "imagenet-resnet50-large-pqf", "images", {"images": 200, "top1": 172, "top5": 193}),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", choices=CASES)
    parser.add_argument("--build", type=pathlib.Path, default=real_data.PROJECT / "build" / "release")
    bodies.add_option(parser)
    arguments = parser.parse_args()
    real_data.skip_without_data()
    spec, defines, name, data, expected = CASES[arguments.case]
    folder = real_data.unpacked(arguments.build, "cifar10") if data == "cifar10" else real_data.source() / "images"
    skipc = str(arguments.build / "bin" / "skipc")
    bodies.skip_unless_run(skipc, arguments.bodies)
    command = [skipc, "eval", spec, "--weights", str(real_data.checkpoint(arguments.build, name)),
               "--data", str(folder), "--json", *bodies.FLAGS[arguments.bodies]]
    if data == "images":
        command += ["--as-is"]  # these are cropped already
    for define in defines:
        command += ["-D", define]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(done.stdout, done.stderr, sep="")
    if done.returncode != 0:
        return 1
    counts = json.loads(done.stdout)
    wrong = [f"{key}: {counts[key]}, expected {value}" for key, value in expected.items() if counts[key] != value]
    print("\n".join(wrong) or f"{arguments.case}: as published")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
