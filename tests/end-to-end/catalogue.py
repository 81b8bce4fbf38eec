#!/usr/bin/env python3
"""Every model of the catalogue compiles and agrees with the reference, in a build of all bodies that this machine runs; some also in
builds of each body alone, whose plans are others.

    catalogue.py --build BUILD_FOLDER                 the quick ones
    catalogue.py --build BUILD_FOLDER --full          every model at its own size, batches 1 and 3, ResNet-1202 included
    catalogue.py --build BUILD_FOLDER --full resnet50 only the models named
"""
import argparse
import json
import pathlib
import subprocess
import sys
import time

import bodies
import real_data

CIFAR = [(spec, [f"depth={depth}"]) for spec in ("cifar_resnet", "cifar_plain") for depth in (20, 56)]
IMAGENET = [(spec, []) for spec in ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "plain18", "plain34")]
VARIANTS = [("resnet18", ["shortcut=A"]), ("resnet18", ["shortcut=C"]), ("resnet50", ["stride_on=conv1"])]
VGG = [("vgg16", []), ("vgg19", [])]
DEEP = [("cifar_resnet", [f"depth={depth}"]) for depth in (32, 44, 110, 1202)] + [("cifar_plain", ["depth=110"])]
QUICK = CIFAR + VARIANTS + [("resnet34", []), ("resnet50", []), ("plain18", []), ("plain34", []), ("vgg16", []), ("cifar_resnet", ["depth=1202"])]


ALONE = [("cifar_resnet", ["depth=20"]), ("resnet18", ["shortcut=A"]), ("resnet50", [])]


def verify(skipc: pathlib.Path, spec: str, defines: list[str], batch: int, held: str) -> bool:
    command = [str(skipc), "verify", spec, "--batch", str(batch), "--json", *bodies.FLAGS[held]]
    for define in defines:
        command += ["-D", define]
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    title = " ".join([spec, *defines, f"batch {batch}", f"({held})"])
    if done.returncode != 0:
        print(f"{title}: exit code {done.returncode}\n{done.stdout}{done.stderr}", flush=True)
        return False
    result = json.loads(done.stdout)
    print(f"{title}: {result['steps']} steps, worst {result['worst_relative_error']:.2e} at {result['worst_step']}, "
          f"{time.monotonic() - start:.0f} s", flush=True)
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--build", type=pathlib.Path, default=real_data.PROJECT / "build" / "release")
    parser.add_argument("--full", action="store_true")
    arguments = parser.parse_args()
    cases = CIFAR + IMAGENET + VARIANTS + VGG + DEEP if arguments.full else QUICK
    batches = (1, 3)
    chosen = [case for case in cases if not arguments.models or case[0] in arguments.models]
    skipc = arguments.build / "bin" / "skipc"
    builds = [(case, batch, "all") for case in chosen for batch in batches]
    builds += [(case, 3, held) for held in bodies.run_here(str(skipc)) if held != "all"
               for case in (chosen if arguments.full else ALONE)]
    results = [verify(skipc, spec, defines, batch, held) for (spec, defines), batch, held in builds]
    print(f"{sum(results)} of {len(results)} agree with the reference")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
