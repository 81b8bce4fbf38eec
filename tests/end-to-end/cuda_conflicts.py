#!/usr/bin/env python3
"""How often threads of the catalogue's kernels meet on a bank of shared memory, counted by the emulator that SKIP_CUDA_DRIVER names: of
each precision the most that one kernel has, which is not to grow.

    SKIP_CUDA_DRIVER=build/release/lib/libskip-cuda-emulator.so cuda_conflicts.py --build build/release [--verbose]
"""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import real_data
from networks import groups

# Conflicts for each access of shared memory by a warp.
CEILINGS = {"f32": 0.41, "tf32": 0.0, "f16": 0.0, "bf16": 0.0}
TILES = ["64x32/1*8", "64x64/1*6", "64x128/1*4", "128x64/2*8"]  # of warp groups, that the cost model chooses from
CASES = [(["cifar_resnet", "-D", "depth=20"], precision, "sm_80") for precision in CEILINGS]
CASES += [(["resnet18"], "bf16", "sm_80")]
CASES += [(["cifar_resnet", "-D", "depth=20"], precision, "sm_90a") for precision in ("tf32", "bf16")]


def conflicts(skipc: pathlib.Path, spec: list[str], precision: str, architecture: str) -> dict[str, float]:
    """By kernel."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report"
        environment = {**os.environ, "SKIP_EMULATOR_REPORT": str(report), "SKIP_EMULATOR_CHECKS": "off", "SKIP_EMULATOR_ARCH": architecture}
        flags = ["--target=cuda", "--precision", precision, "--batch", "1"]
        if architecture == "sm_90a":  # by warp groups, which would not be chosen for anything so small
            flags += ["--gpu-arch=sm_90a", "--gpu-code=ptx"]
            flags += groups.choose(str(skipc), spec, pathlib.Path(folder) / "tiles.txt", 1, flags, tiles=TILES)
            assert groups.count(str(skipc), spec, flags) > 10, "too few steps are computed by warp groups"
        subprocess.run([str(skipc), "verify", *spec, *flags], check=True, stdout=subprocess.DEVNULL, env=environment)
        rates: dict[str, float] = {}
        for line in report.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            if event["event"] == "kernel" and event["shared_accesses"]:
                rate = event["bank_conflicts"] / event["shared_accesses"]
                rates[event["kernel"]] = max(rate, rates.get(event["kernel"], 0))
        return rates


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=real_data.PROJECT / "build" / "release")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    good = True
    for spec, precision, architecture in CASES:
        ceiling = CEILINGS[precision]
        rates = conflicts(arguments.build / "bin" / "skipc", spec, precision, architecture)
        above = sorted(kernel for kernel, rate in rates.items() if rate > ceiling)
        print(f"{' '.join(spec)} {precision} {architecture}: {len(rates)} kernels with shared memory, at most {max(rates.values()):.4f} conflicts an "
              f"access, {ceiling} allowed; above: {', '.join(above) or 'none'}", flush=True)
        for kernel, rate in sorted(rates.items(), key=lambda item: -item[1]) if arguments.verbose else []:
            print(f"  {rate:.4f} {kernel}")
        good &= bool(rates) and not above
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
