"""Has a network's contractions computed by products of warp groups, which the cost model would not choose for anything so small.

As what was measured is put in: a tuning text names a tile for each of the network's problems, drawn from a seed.
"""
from __future__ import annotations

import json
import pathlib
import random
import re
import subprocess

TILES = ["64x32/1*3", "64x16/1*2", "64x64/1*2c2", "128x32/2*2", "128x64/2*3c2", "192x48/1*2"]
MOST_PRODUCTS = 1 << 27  # of a problem, on an emulator; what needs more is computed as ever
PARTS = ["", "", " parts 2"]
COMPILER = "skip 0.1.0 kernels 1 llvm 22"  # which others' measurements do not count for
DEVICE = "gpu 9.0 sms 132 l2 52428800 memory 80 NVIDIA Example"


def steps_of(skipc: str, spec: list[str], flags: list[str]) -> list[dict]:
    command = [skipc, "explain-plan", *spec, *flags, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return []
    return [step for variant in json.loads(done.stdout)["variants"] for step in variant["steps"]]


def products_of(problem: str) -> int:
    """Of the smallest tile: all its rows and lines are multiplied, whether they exist or not."""
    sizes = re.fullmatch(r"\w+ (\d+)x(\d+)/\d+ p\d+ (\d+)->(\d+) (\d+)x(\d+) n(\d+) nhwc (\w+)", problem)
    rows, columns, channels, filters, height, width, images = map(int, sizes.groups()[:-1])
    line = 32 if sizes[8] == "tf32" else 64
    return -(-height * width * images // 64) * 64 * filters * rows * columns * -(-channels // line) * line


def choose(skipc: str, spec: list[str], text: pathlib.Path, seed: int, flags: list[str], most_products: int = MOST_PRODUCTS,
           tiles: list[str] = TILES) -> list[str]:
    """The flags by which a build goes by `text`, which is written. `flags` are what plans depend on."""
    rng = random.Random(seed)
    lines = ["skip-tuning 1", f"device {DEVICE}", f"compiler {COMPILER}"]
    problems = sorted({step["problem"] for step in steps_of(skipc, spec, flags) if "problem" in step})
    for problem in filter(lambda problem: products_of(problem) <= most_products, problems):
        # Of several only those that are legal count, the first of them before the others.
        for rank, tile in enumerate(rng.sample(tiles, 3)):
            lines.append(f"{problem}; t1; wgmma {tile}{rng.choice(PARTS)}; {1000 + 1000 * rank} ns; 13 runs")
    text.write_text("\n".join(lines) + "\n")
    return flags_for(text)


def flags_for(text: pathlib.Path) -> list[str]:
    return ["--db", str(text), "--device", DEVICE]


def count(skipc: str, spec: list[str], flags: list[str]) -> int:
    """Steps of the plan that were chosen so."""
    return sum("measured_on" in step for step in steps_of(skipc, spec, flags))
