#!/usr/bin/env python3
"""Measures a step of training beside PyTorch's: float32 on this CPU, the same parameters, images and number of threads.

Makes the virtual environment that run.py has (with PyTorch alone of the peers; --here takes the modules of the Python that runs
this), builds each network's training library, and runs the trainers in alternating processes: Skip, PyTorch eager, PyTorch
compiled. Prints a table, and writes it as JSON. A trainer that fails, or whose losses are others, is named with the reason.

    bench/peers/train.py                                          # ResNet-20 and -110 at batch 128, ResNet-18 and -50 at 16
    bench/peers/train.py --cases resnet18:16,cifar_resnet20:128 --threads 2 --rounds 5
    SKIP_ISA=avx2 bench/peers/train.py --cases cifar_resnet20:128

Exit codes: 0 done, 1 Skip failed or was wrong, 2 usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import environment
import progress
from contenders import MODELS, Failed, execute, json_of
from networks import Network, network

BUILD = environment.PROJECT / "build"
HERE = Path(__file__).resolve().parent
CASES = "cifar_resnet20:128,cifar_resnet110:128,resnet18:16,resnet50:16"
TRAINERS = {"Skip": ("skip_trainer.py", ""), "PyTorch eager": ("torch_trainer.py", "eager"), "PyTorch compiled": ("torch_trainer.py", "compile")}
TOLERANCES = (1e-4, 1e-3, 1e-2)  # of the first losses, relative: roundings grow from step to step


@dataclass(frozen=True)
class Case:
    network: Network
    batch: int
    threads: int

    @property
    def folder(self) -> Path:
        return BUILD / "peers" / "training" / f"{self.network.name}-b{self.batch}"


@dataclass
class Series:
    """One trainer's processes on one case, in the order of rounds."""

    name: str
    results: list[dict[str, object]] = field(default_factory=list)
    failure: str = ""

    def median(self, key: str) -> float:
        return statistics.median(float(result[key]) for result in self.results)

    def least(self, key: str) -> float:
        return min(float(result[key]) for result in self.results)


def _case(text: str) -> tuple[Network, int]:
    name, _, batch = text.partition(":")
    if not batch.isdigit() or int(batch) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is not NETWORK:BATCH")
    try:
        return network(name), int(batch)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _cases(text: str) -> list[tuple[Network, int]]:
    return [_case(part) for part in text.split(",")]


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is no whole number above 0")
    return int(text)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=_cases, default=_cases(CASES), metavar="A:N,B:M", help=f"networks and batch sizes (default: {CASES})")
    parser.add_argument("--threads", type=_positive, default=len(os.sched_getaffinity(0)), metavar="N", help="default: all cores")
    parser.add_argument("--rounds", type=_positive, default=3, help="processes of each trainer (default: 3)")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each process measures (default: 5); at least five steps or so")
    parser.add_argument("--skipc", type=Path, default=BUILD / "release" / "bin" / "skipc", help="default: build/release/bin/skipc")
    parser.add_argument("--here", action="store_true", help="install nothing: this Python has numpy and torch")
    parser.add_argument("--json", type=Path, default=BUILD / "peers" / "training.json", metavar="FILE", help="default: build/peers/training.json")
    return parser.parse_args()


def _install() -> None:
    if not environment.inside():
        environment.create()
        os.execv(environment.PYTHON, [str(environment.PYTHON), *sys.argv])
    progress.show("installing PyTorch")
    if failed := environment.install_all(["torch"]):
        raise RuntimeError(f"PyTorch {failed['torch']}")


def _prepare(case: Case, skipc: Path) -> None:
    """The parameters that all begin with, and Skip's library: made for each comparison, since the compiler may be another."""
    case.folder.mkdir(parents=True, exist_ok=True)
    execute([sys.executable, str(HERE / "torch_trainer.py"), case.network.name, "init", str(case.folder / "first.safetensors")], case.threads)
    execute([str(skipc), "build", *case.network.spec_arguments(MODELS), "--train", "--set", f"batch={case.batch}", "--set", "groups=1",
             "--name", "net", "--emit", "shared", "--output", str(case.folder / "net")], case.threads)


def _measure(series: Series, case: Case, seconds: float) -> None:
    program, mode = TRAINERS[series.name]
    command = [sys.executable, str(HERE / program), case.network.name, str(case.folder), str(case.batch), str(case.threads), str(seconds)]
    try:
        series.results.append(json_of(execute(command + ([mode] if mode else []), case.threads)))
    except Failed as failed:
        series.failure = str(failed)


def _check_losses(all_series: list[Series]) -> None:
    """Against PyTorch's own, eager."""
    expected = next((s.results[0]["losses"] for s in all_series if s.name == "PyTorch eager" and not s.failure), None)
    for series in all_series:
        if series.failure or not expected:
            continue
        errors = [abs(loss - wanted) / wanted for loss, wanted in zip(series.results[0]["losses"], expected)]
        if not all(error <= most for error, most in zip(errors, TOLERANCES)):  # so written for NaN
            series.failure = f"losses {series.results[0]['losses']}, PyTorch's are {expected}"


def compare(case: Case, arguments: argparse.Namespace) -> list[Series]:
    progress.show(f"{case.network.name}, batch {case.batch}: compiling")
    _prepare(case, arguments.skipc)
    all_series = [Series(name) for name in TRAINERS]
    for number in range(arguments.rounds):
        first = number % len(all_series)
        for series in all_series[first:] + all_series[:first]:
            progress.show(f"{case.network.name}, batch {case.batch}, round {number + 1} of {arguments.rounds}: {series.name}")
            if not series.failure:
                _measure(series, case, arguments.seconds)
    _check_losses(all_series)
    progress.clear()
    return all_series


def _ratios(skip: Series, peer: Series, key: str) -> list[float]:
    """Of each round: times above 1 where Skip is faster, memory below 1 where it takes less."""
    if skip.failure or peer.failure:
        return []
    return [float(theirs[key]) / float(ours[key]) for ours, theirs in zip(skip.results, peer.results)]


def _line(case: Case, series: Series, skip: Series) -> str:
    head = f"{case.network.name:16} {case.batch:5} {case.threads:7}  {series.name:16}"
    if series.failure:
        return f"{head}  failed: {series.failure}"
    text = (f"{head} {series.median('median_ms'):10.1f} {series.least('min_ms'):10.1f} {1e3 * case.batch / series.median('median_ms'):9.1f}"
            f" {series.median('first_ms'):9.0f} {series.median('peak_mib'):9.0f}")
    if series is skip or not (ratios := _ratios(skip, series, "median_ms")):
        return text
    return text + f"   {statistics.median(ratios):.2f} ({min(ratios):.2f} .. {max(ratios):.2f})"


def _json_case(case: Case, all_series: list[Series]) -> dict[str, object]:
    skip = all_series[0]
    trainers = [{"name": s.name, "failure": s.failure, "results": s.results, "ratios": _ratios(skip, s, "median_ms")} for s in all_series]
    return {"model": case.network.name, "batch": case.batch, "threads": case.threads, "trainers": trainers}


def main() -> int:
    arguments = parse()
    try:
        if not os.access(arguments.skipc, os.X_OK):
            raise OSError(f"`{arguments.skipc}` is no program: build it with `make`, or name it with --skipc")
        if not arguments.here:
            _install()
        lines, written, failed = [], [], False
        for net, batch in arguments.cases:
            case = Case(net, batch, arguments.threads)
            all_series = compare(case, arguments)
            lines += [_line(case, series, all_series[0]) for series in all_series]
            written.append(_json_case(case, all_series))
            failed = failed or bool(all_series[0].failure)
            arguments.json.parent.mkdir(parents=True, exist_ok=True)
            arguments.json.write_text(json.dumps(written, indent=1) + "\n")  # an interruption loses one case
        print("network          batch threads  trainer           median ms     min ms  images/s  first ms  peak MiB   Skip's speed / this")
        print("\n".join(lines))
        return 1 if failed else 0
    except (Failed, OSError, RuntimeError, ValueError) as error:
        progress.clear()
        print(f"train.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        progress.clear()
        return 130


if __name__ == "__main__":
    sys.exit(main())
