#!/usr/bin/env python3
"""Draws random residual networks and holds the compiled library against the double-precision reference, step by step.

Each network is a .skip spec drawn from a seed: depth, widths, strides, kernel sizes 1 to 7, shortcut options, odd picture sizes,
poolings, heads. `skipc verify` compiles it and compares every step. A network that fails is left in the output folder, and its
seed is printed.

    random_networks.py --skipc build/release/bin/skipc --count 100
    random_networks.py --skipc build/release/bin/skipc --count 1000 --first-seed 5000
    random_networks.py --skipc build/release/bin/skipc --count 1 --first-seed 4711 --keep build/failing
    random_networks.py --skipc build/release/bin/skipc --bodies avx2
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import bodies

WIDTHS = [1, 2, 3, 5, 8, 15, 16, 17, 24, 31, 32, 33, 48, 50, 64, 80, 96]


class Network:
    """A spec in the making: statements, and the shape of the current value `x`."""

    def __init__(self, seed: int):
        self.rng = random.Random(seed)
        self.lines: list[str] = []
        self.layers = 0
        self.channels = self.rng.choice([1, 2, 3, 3, 3, 4, 16, 20, 35])
        self.height = self.rng.randint(1, 40)
        self.width = self.height if self.rng.random() < 0.5 else self.rng.randint(1, 40)
        self.input = f"  input image[{self.channels}, {self.height}, {self.width}]"

    def label(self, kind: str) -> str:
        self.layers += 1
        return f"{kind}{self.layers}"

    def conv_size(self, kernel: int, stride: int, pad: int) -> tuple[int, int]:
        return (self.height + 2 * pad - kernel) // stride + 1, (self.width + 2 * pad - kernel) // stride + 1

    def say(self, text: str) -> None:
        self.lines.append("  " + text)

    def stem(self) -> None:
        """A convolution of any kernel size, odd or even, with or without batch norm, bias, relu, explicit padding."""
        rng, kernel = self.rng, self.rng.randint(1, 7)
        pad = rng.randint(0, kernel) if rng.random() < 0.3 else (kernel - 1) // 2
        stride = rng.choice([1, 1, 1, 2, 3])
        height, width = self.conv_size(kernel, stride, pad)
        if height < 1 or width < 1:
            return
        channels = rng.choice(WIDTHS)
        text = f"{self.label('conv')}: conv({channels}, {kernel}, stride = {stride}, pad = {pad}"
        text += ", bias = true)" if rng.random() < 0.3 else ")"
        if rng.random() < 0.7:
            text += f" |> {self.label('bn')}: bn"
        if rng.random() < 0.7:
            text += " |> relu"
        self.say(f"x = x |> {text}")
        self.channels, self.height, self.width = channels, height, width

    def pool(self) -> None:
        kernel = self.rng.randint(1, 3)
        stride, pad = self.rng.randint(1, 3), self.rng.randint(0, kernel // 2)
        height, width = self.conv_size(kernel, stride, pad)
        if height < 1 or width < 1:
            return
        self.say(f"x = x |> max_pool({kernel}, stride = {stride}, pad = {pad})")
        self.height, self.width = height, width

    def block(self) -> None:
        """A basic block or a bottleneck with shortcut option A, B or C."""
        rng = self.rng
        stride, channels = rng.choice([1, 1, 2, 3]), rng.choice([self.channels, self.channels, rng.choice(WIDTHS)])
        option = rng.choice("ABC")
        if option == "A" and channels < self.channels:
            option = "B"
        if rng.random() < 0.5:
            body = [(rng.choice(WIDTHS), rng.choice([1, 3, 3, 5, 7]), stride), (channels, rng.choice([1, 3, 3, 5]), 1)]
        else:
            width = rng.choice(WIDTHS)
            body = [(width, 1, 1), (width, rng.choice([1, 3, 3, 5]), stride), (channels, 1, 1)]
        text = "x"
        for i, (out, kernel, step) in enumerate(body):
            norm = f" |> {self.label('bn')}: bn" if rng.random() < 0.9 else ""
            text += f" |> {self.label('conv')}: conv({out}, {kernel}, {step}){norm}" + (" |> relu" if i + 1 < len(body) else "")
        name = self.label("block")
        self.say(f"{name}_y = {text}")
        join = f"{name}_y + ({self.label('short')}: shortcut(x, like = {name}_y, option = {option}))"
        self.say(f"x = relu({join})" if rng.random() < 0.9 else f"x = {join}")
        self.channels = channels
        self.height, self.width = -(-self.height // stride), -(-self.width // stride)

    def norm(self) -> None:
        """A batch norm that no convolution can take in, as in pre-activation networks."""
        self.say(f"x = x |> {self.label('bn')}: bn |> relu")

    def head(self) -> None:
        rng = self.rng
        classes = rng.choice([1, 2, 7, 10, 16, 100])
        kind = rng.random()
        if kind < 0.6:
            self.say("x = x |> global_avg_pool")
        elif kind < 0.9:
            self.say("x = x |> flatten")
        else:
            self.say("output y = x")
            return
        if rng.random() < 0.3:
            self.say(f"x = x |> {self.label('fc')}: linear({rng.choice(WIDTHS)}) |> relu |> dropout")
        self.say(f"x = x |> {self.label('fc')}: linear({classes})")
        self.say("output y = softmax(x)" if rng.random() < 0.2 else "output y = x")

    def spec(self) -> str:
        rng = self.rng
        self.stem()
        if rng.random() < 0.3:
            self.pool()
        for _ in range(rng.randint(0, 4)):
            rng.choices([self.block, self.stem, self.pool, self.norm], [6, 2, 1, 1])[0]()
        self.head()
        return "\n".join(["model net() {", self.input, "  x = image", *self.lines, "}", ""])


def verify(skipc: str, flags: list[str], folder: pathlib.Path, seed: int) -> tuple[int, str | None, float]:
    """(seed, what failed or None, worst relative error)"""
    network = Network(seed)
    path = folder / f"random-{seed}.skip"
    path.write_text(network.spec())
    batch = network.rng.choice([1, 2, 3, 5])
    command = [skipc, "verify", str(path), "--weights", f"random:{seed}", "--batch", str(batch), "--json", *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        worst = float(json.loads(done.stdout)["worst_relative_error"])
    except (ValueError, KeyError, TypeError):
        worst = float("nan")
    if done.returncode == 0 and worst == worst:
        path.unlink()
        return seed, None, worst
    return seed, f"exit code {done.returncode}, worst {worst}: {' '.join(command)}\n{done.stderr.strip()}", worst


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skipc", default="build/release/bin/skipc")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--keep", type=pathlib.Path, help="folder for failing specs (default: a temporary one)")
    parser.add_argument("--print", action="store_true", help="print the specs, run nothing")
    bodies.add_option(parser)
    arguments = parser.parse_args()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.count)
    if arguments.print:
        for seed in seeds:
            print(f"// seed {seed}\n{Network(seed).spec()}")
        return 0

    bodies.skip_unless_run(arguments.skipc, arguments.bodies)
    folder = arguments.keep or pathlib.Path(tempfile.mkdtemp(prefix="skip-random-"))
    folder.mkdir(parents=True, exist_ok=True)
    failures, worst, worst_seed = [], 0.0, None
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for done, (seed, failure, error) in enumerate(pool.map(lambda s: verify(arguments.skipc, bodies.FLAGS[arguments.bodies], folder, s), seeds), 1):
            if failure:
                failures.append(seed)
                print(f"seed {seed} failed: {failure}", flush=True)
            elif error >= worst:
                worst, worst_seed = error, seed
            if sys.stderr.isatty():
                print(f"\r{done}/{len(seeds)}", end="", file=sys.stderr)
    print(f"seeds {seeds[0]} to {seeds[-1]}: {len(seeds) - len(failures)} of {len(seeds)} networks agree with the reference; "
          f"worst relative error {worst:.2e} (seed {worst_seed})")
    if failures:
        print(f"failing specs are in {folder}")
    else:
        try:
            folder.rmdir()
        except OSError:
            pass
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
