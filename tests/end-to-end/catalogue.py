#!/usr/bin/env python3
"""Every model of the catalogue compiles and agrees with the reference, in a build of all bodies that this machine runs; some also in
builds of each body alone, whose plans are others.

    catalogue.py --build BUILD_FOLDER                 the quick ones
    catalogue.py --build BUILD_FOLDER --full          every model at its own size, batches 1 and 3, ResNet-1202 included
    catalogue.py --build BUILD_FOLDER --full resnet50 only the models named
    catalogue.py --build BUILD_FOLDER --train         the gradients of a training step, of small batches; with --full of every model
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
WIDER = [(spec, []) for spec in ("resnext50_32x4d", "resnext101_32x8d", "wide_resnet50_2", "wide_resnet101_2", "resnet50d", "resnet101d",
                                 "seresnet50")]
WIDER += [("resnet_v2", [f"depth={depth}"]) for depth in (50, 200)] + [("iresnet", [f"depth={depth}"]) for depth in (18, 100)]
WIDER += [("cifar_resnet_v2", ["depth=164"]), ("cifar_resnet_v2", ["depth=110", "bottlenecks=false"])]
DEEP = [("cifar_resnet", [f"depth={depth}"]) for depth in (32, 44, 110, 1202)] + [("cifar_plain", ["depth=110"])]
QUICK = CIFAR + VARIANTS + [("resnet34", []), ("resnet50", []), ("plain18", []), ("plain34", []), ("vgg16", []), ("cifar_resnet", ["depth=1202"]),
                                ("resnext50_32x4d", []), ("resnet50d", []), ("seresnet50", []), ("cifar_resnet_v2", ["depth=164"]),
                                ("iresnet", ["depth=18"])]


TRAIN_QUICK = [("cifar_resnet", ["depth=20"]), ("cifar_resnet", ["depth=110"]), ("cifar_plain", ["depth=20"]), ("resnet18", [])]
WITHOUT_RECIPE = {"iresnet"}
ALONE = [("cifar_resnet", ["depth=20"]), ("resnet18", ["shortcut=A"]), ("resnet50", [])]


def verify(skipc: pathlib.Path, spec: str, defines: list[str], flags: list[str], what: str) -> bool:
    command = [str(skipc), "verify", spec, "--json", *flags]
    for define in defines:
        command += ["-D", define]
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    title = " ".join([spec, *defines, what])
    if done.returncode != 0:
        print(f"{title}: exit code {done.returncode}\n{done.stdout}{done.stderr}", flush=True)
        return False
    result = json.loads(done.stdout)
    print(f"{title}: {result['step_count']} steps, worst {result['worst_relative_error']:.2e} at {result['worst_step']}, "
          f"{time.monotonic() - start:.0f} s", flush=True)
    return True


def training_flags(spec: str) -> list[str]:
    """A batch that the reference can afford, in groups of several pictures."""
    batch, groups = (8, 2) if spec.startswith("cifar_") else (2, 1)
    return ["--train", "--set", f"batch={batch}", "--set", f"groups={groups}"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--build", type=pathlib.Path, default=real_data.PROJECT / "build" / "release")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--train", action="store_true")
    arguments = parser.parse_args()
    full = CIFAR + IMAGENET + VARIANTS + VGG + WIDER + DEEP
    cases = full if arguments.full else TRAIN_QUICK if arguments.train else QUICK
    chosen = [case for case in cases if not arguments.models or case[0] in arguments.models]
    skipc = arguments.build / "bin" / "skipc"
    if arguments.train:
        results = [verify(skipc, spec, defines, training_flags(spec), "a training step") for spec, defines in chosen
                   if spec not in WITHOUT_RECIPE]
    else:
        builds = [(case, "1,3", "all") for case in chosen]  # one library, whose kernels are compiled once
        builds += [(case, "3", held) for held in bodies.run_here(str(skipc)) if held != "all"
                   for case in (chosen if arguments.full else ALONE)]
        results = [verify(skipc, spec, defines, ["--batch", batch, *bodies.FLAGS[held]], f"batch {batch} ({held})")
                   for (spec, defines), batch, held in builds]
    print(f"{sum(results)} of {len(results)} agree with the reference")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
