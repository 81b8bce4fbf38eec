#!/usr/bin/env python3
"""A model's steps as a Markdown table: what the cost model predicts, what one run takes, and the roofline.

    bench/steps.py resnet50                     one thread, batch 1
    bench/steps.py resnet18 --seconds 5 -D shortcut=C
"""
from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

SKIPC = Path(__file__).resolve().parent.parent / "build" / "release" / "bin" / "skipc"
PREDICTION = {"direct": "direct_us", "Strassen": "strassen_us"}  # else Winograd's


def ask(skipc: Path, *arguments: str) -> dict:
    done = subprocess.run([str(skipc), *arguments, "--json"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout)


def predicted(step: dict) -> str:
    """In us, where the model says anything; the transform of the input is in Winograd's time."""
    taken = step["taken"]
    key = PREDICTION.get(taken, "fused_us" if "fused" in taken else "winograd_us")
    return f"{step[key]:.0f}" if taken and key in step else "-"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("spec")
    parser.add_argument("-D", action="append", default=[], metavar="NAME=VALUE", dest="defines", help="as of skipc")
    parser.add_argument("--seconds", default="3", help="how long to measure (default: 3)")
    parser.add_argument("--skipc", type=Path, default=SKIPC, help="default: build/release/bin/skipc")
    arguments = parser.parse_args()
    model = [arguments.spec, *(f"-D{define}" for define in arguments.defines)]
    try:
        measured = ask(arguments.skipc, "bench", *model, "--threads", "1", "--steps", "--seconds", arguments.seconds)
        plan = ask(arguments.skipc, "explain-plan", *model)["variants"][0]["steps"]
    except (OSError, RuntimeError) as error:
        print(f"steps.py: {error}", file=sys.stderr)
        return 2
    print("| step | operations | by | predicted us | us | roofline us | of it | bound by |\n|---|---|---|---|---|---|---|---|")
    for step, account in zip(measured["measurements"][0]["steps"], plan, strict=True):
        share = 100 * step["roofline_us"] / step["us"]
        print(f"| {step['name']} | {step['operations']} | {account['taken'] or '-'} | {predicted(account)} | "
              f"{step['us']:.1f} | {step['roofline_us']:.1f} | {share:.0f} % | {step['bound_by']} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
