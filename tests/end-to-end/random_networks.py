#!/usr/bin/env python3
"""Draws random networks and holds the compiled library against the double-precision reference, step by step.

Each network is a .skip spec drawn from a seed, as are the batch, the target and the flags that it is compiled with: residual networks
as papers have them, and graphs with shortcuts, sums, poolings, heads and outputs wherever the types allow them. `skipc verify`
compiles it and compares every step. A network that fails is left in the output folder, shrunk to a few lines beside it, and the
commands to see it again are printed.

    random_networks.py --skipc build/release/bin/skipc --count 100
    random_networks.py --skipc build/release/bin/skipc --count 1000 --first-seed 5000 --keep build/failing
    random_networks.py --first-seed 4711 --count 1 --print
    random_networks.py --count 200 --train
    random_networks.py --count 200 --wider
    SKIP_CUDA_DRIVER=build/release/lib/libskip-cuda-emulator.so random_networks.py --count 25 --target cuda
    SKIP_CUDA_DRIVER=build/release/lib/libskip-cuda-emulator.so random_networks.py --count 25 --target cuda --precision bf16
    SKIP_EMULATOR_ARCH=sm_90a SKIP_CUDA_DRIVER=... random_networks.py --count 25 --target cuda --precision bf16 --warp-groups
"""
from __future__ import annotations

import argparse
import concurrent.futures
import os
import pathlib
import shlex
import sys
import tempfile
import threading

from networks.draw import Case, draw_for
from networks.reduce import reduce
from networks.verify import Outcome, verify

LINE_EVERY = 500  # networks, where stderr is no terminal


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skipc", default="build/release/bin/skipc")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--keep", type=pathlib.Path, help="folder for failing specs (default: a temporary one)")
    parser.add_argument("--no-reduce", action="store_true", help="leave failing specs as they are drawn")
    parser.add_argument("--most-reduced", type=int, default=8, help="shrink the first so many failures (default: 8)")
    parser.add_argument("--target", choices=["cuda"], help="what to compile for instead of x86, on SKIP_CUDA_DRIVER's device")
    parser.add_argument("--precision", choices=["f32", "tf32", "f16", "bf16"], help="of --target cuda (default: f32)")
    parser.add_argument("--warp-groups", action="store_true",
                        help="of --precision tf32, f16 and bf16: on sm_90a, whose products of warp groups are taken wherever they can be")
    parser.add_argument("--train", action="store_true", help="hold the gradients of a training step against the reference")
    parser.add_argument("--wider", action="store_true", help="draw from the wider family of residual networks")
    parser.add_argument("--small", action="store_true", help="with fewer multiply-adds and weights, as an emulator runs them in seconds")
    parser.add_argument("--print", action="store_true", help="print the specs, run nothing")
    arguments = parser.parse_args()
    if arguments.precision and not arguments.target:
        parser.error("--precision is of --target cuda")
    if arguments.warp_groups and arguments.precision not in ("tf32", "f16", "bf16"):
        parser.error("--warp-groups is of --precision tf32, f16 and bf16")
    if arguments.train and arguments.target:
        parser.error("--train is of x86")
    return arguments


class Runner:
    """Runs cases in several threads, and keeps what they give."""

    def __init__(self, arguments: argparse.Namespace, folder: pathlib.Path):
        self.arguments, self.folder = arguments, folder
        self.reducing, self.lock = arguments.most_reduced if not arguments.no_reduce else 0, threading.Lock()

    def run(self, seed: int) -> tuple[int, Outcome, str]:
        options = self.arguments
        case = draw_for(seed, options.target, options.precision, options.train, options.wider, options.warp_groups,
                        options.small)
        path = self.folder / f"random-{seed}.skip"
        outcome = verify(self.arguments.skipc, path, case)
        if not outcome.failure:
            path.unlink()
            path.with_suffix(".txt").unlink(missing_ok=True)
            return seed, outcome, ""
        return seed, outcome, self.report(case, outcome)

    def report(self, case: Case, outcome: Outcome) -> str:
        again = ["python3", sys.argv[0], "--skipc", self.arguments.skipc, "--first-seed", str(case.seed), "--count", "1"]
        again += ["--target", case.target] if case.target else []
        again += ["--precision", case.precision] if case.precision else []
        again += ["--train"] if case.training else []
        again += ["--warp-groups"] if case.warp_groups else []
        again += ["--wider"] if self.arguments.wider else []
        lines = [f"seed {case.seed} failed: {outcome.failure}, worst {outcome.worst:.2e}", outcome.messages,
                 f"  again: {shlex.join(again)}", f"  spec:  {outcome.command}"]
        with self.lock:
            mine = self.reducing > 0
            self.reducing -= 1
        return "\n".join(lines + (self.reduced(case, outcome) if mine else []))

    def reduced(self, case: Case, outcome: Outcome) -> list[str]:
        path = self.folder / f"random-{case.seed}-reduced.skip"
        small = reduce(case, lambda candidate: verify(self.arguments.skipc, path, candidate).failure == outcome.failure)
        last = verify(self.arguments.skipc, path, small)
        return [f"  reduced, worst {last.worst:.2e}: {last.command}", small.text()]


def main() -> int:
    arguments = parse()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.count)
    if arguments.print:
        for case in (draw_for(seed, arguments.target, arguments.precision, arguments.train, arguments.wider,
                              arguments.warp_groups, arguments.small) for seed in seeds):
            print(f"// seed {case.seed}: skipc verify {shlex.join(case.flags())}\n{case.text()}")
        return 0

    folder = arguments.keep or pathlib.Path(tempfile.mkdtemp(prefix="skip-random-"))
    folder.mkdir(parents=True, exist_ok=True)
    runner, failures, worst, worst_seed, warp_groups = Runner(arguments, folder), [], 0.0, None, 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for done, (seed, outcome, report) in enumerate(pool.map(runner.run, seeds), 1):
            warp_groups += outcome.warp_groups
            if outcome.failure:
                failures.append(seed)
                print(report, flush=True)
            elif outcome.worst >= worst:
                worst, worst_seed = outcome.worst, seed
            if sys.stderr.isatty():
                print(f"\r{done}/{len(seeds)}", end="", file=sys.stderr)
            elif done % LINE_EVERY == 0:
                print(f"{done} of {len(seeds)} done, up to seed {seed}: {len(failures)} failed, worst {worst:.2e}", file=sys.stderr,
                      flush=True)
    print(f"seeds {seeds[0]} to {seeds[-1]}: {len(seeds) - len(failures)} of {len(seeds)} networks agree with the reference; "
          f"worst relative error {worst:.2e} (seed {worst_seed})")
    if arguments.warp_groups:
        print(f"{warp_groups} steps by products of warp groups")
        failures += [] if warp_groups else ["none of them"]
    if failures:
        print(f"failing specs are in {folder}: seeds {', '.join(map(str, failures))}")
    elif not arguments.keep:  # which others may write to
        folder.rmdir()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
