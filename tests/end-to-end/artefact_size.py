#!/usr/bin/env python3
"""Code does not grow with depth: ResNet-1202's .text is within 10 % of ResNet-20's, a ResNet-50 library without weights is below 1 MB,
for GPUs too below 3 MB. Untuned, for it is the same on every machine then: what was tuned has more kernels, as an archive for a Zen 4
1.02 MB.

    artefact_size.py --build BUILD_FOLDER
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import real_data


def build(skipc: pathlib.Path, spec: str, defines: list[str], folder: str, *flags: str) -> pathlib.Path:
    command = [str(skipc), "build", spec, "--name", "net", "-o", folder, *flags]
    for define in defines:
        command += ["-D", define]
    subprocess.run(command, check=True)
    return pathlib.Path(folder)


def text_bytes(library: pathlib.Path) -> int:
    lines = subprocess.run(["size", "-A", str(library)], check=True, capture_output=True, text=True).stdout.splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(".text"))


def largest_of(folder: pathlib.Path) -> int:
    return max((folder / name).stat().st_size for name in ("libnet.so", "libnet.a"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=real_data.PROJECT / "build" / "release")
    skipc = parser.parse_args().build / "bin" / "skipc"
    with tempfile.TemporaryDirectory() as shallow, tempfile.TemporaryDirectory() as deep, tempfile.TemporaryDirectory() as large:
        small = text_bytes(build(skipc, "cifar_resnet", ["depth=20"], shallow) / "libnet.so")
        big = text_bytes(build(skipc, "cifar_resnet", ["depth=1202"], deep) / "libnet.so")
        alone = largest_of(build(skipc, "resnet50", [], large, "--no-tuning"))
        both = largest_of(build(skipc, "resnet50", [], large, "--target=cuda,x86", "--batch", "1,16", "--no-tuning"))
    print(f".text of ResNet-20 {small}, of ResNet-1202 {big}: {big / small:.3f}x; ResNet-50 without weights: {alone} bytes, for GPUs "
          f"and x86 and batches of 1 and 16 {both}")
    return 0 if big <= 1.1 * small and alone < 1_000_000 and both < 3_000_000 else 1


if __name__ == "__main__":
    sys.exit(main())
