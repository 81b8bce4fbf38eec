#!/usr/bin/env python3
"""Measures Skip beside other inference engines: float32 on this CPU, the same weights, the same number of threads.

Makes a virtual environment below build/, installs the peers there, exports each network as ONNX, and runs the contenders in
alternating processes. Prints a table, and writes it as JSON and as a picture. A peer that does not install, does not run or
computes something else is named in the table with the reason.

    bench/peers/run.py                                            # everything: takes hours
    bench/peers/run.py --models resnet18,resnet50 --batch 1,16 --threads 1,2 --rounds 5
    bench/peers/run.py --peers onnxruntime,openvino --models resnet50 --json r50.json --picture r50.svg
    bench/peers/run.py --batch 1 --rounds 1 --seconds 0           # do they all run, and compute the same?

Exit codes: 0 done, 1 Skip failed or was wrong, 2 usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import environment
import progress
from networks import DEFAULT_NAMES, Network, network

BUILD = environment.PROJECT / "build"
WORK = BUILD / "peers"


def _networks(text: str) -> list[Network]:
    try:
        return [network(name) for name in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _peers(text: str) -> list[str]:
    names = list(environment.PEERS) if text == "all" else text.split(",")
    for name in names:
        if name not in environment.PEERS:
            raise argparse.ArgumentTypeError(f"no peer is called `{name}`: there are {', '.join(environment.PEERS)}")
    return names


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is no whole number above 0")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"`{text}` is no number of seconds from 0 to 3600")
    return value


def _numbers(text: str) -> list[int]:
    return [_positive(part) for part in text.split(",")]


def _picture(text: str) -> Path:
    if Path(text).suffix not in (".png", ".svg"):
        raise argparse.ArgumentTypeError(f"`{text}` ends neither in .png nor in .svg")
    return Path(text)


def _data_folder() -> Path:
    return Path(os.environ.get("SKIP_DATA", environment.PROJECT.parent / "shared" / "data")) / "weights"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=_networks, default=_networks(",".join(DEFAULT_NAMES)), metavar="A,B",
                        help=f"of {', '.join(DEFAULT_NAMES)} and other cifar_resnetN (default: all seven)")
    parser.add_argument("--peers", type=_peers, default=list(environment.PEERS), metavar="A,B",
                        help=f"of {', '.join(environment.PEERS)} (default: all)")
    parser.add_argument("--batch", type=_numbers, default=[1, 16, 128], metavar="N,M", help="images a run (default: 1,16,128)")
    parser.add_argument("--threads", type=_numbers, default=[len(os.sched_getaffinity(0))], metavar="N,M", help="default: all cores")
    parser.add_argument("--rounds", type=_positive, default=5, help="processes of each contender (default: 5)")
    parser.add_argument("--seconds", type=_seconds, default=2.0, help="how long each process measures (default: 2); it is at least one run")
    parser.add_argument("--skipc", type=Path, default=BUILD / "release" / "bin" / "skipc", help="default: build/release/bin/skipc")
    parser.add_argument("--weights", type=Path, default=_data_folder(), metavar="DIR",
                        help="a folder of checkpoints; random weights where it has none (default: $SKIP_DATA/weights)")
    parser.add_argument("--random", action="store_true", help="random weights for all networks")
    parser.add_argument("--json", type=Path, default=WORK / "peers.json", metavar="FILE", help="default: build/peers/peers.json")
    parser.add_argument("--picture", type=_picture, default=WORK / "peers.png", metavar="FILE",
                        help=".png or .svg (default: build/peers/peers.png)")
    return parser.parse_args()


def _install(arguments: argparse.Namespace) -> dict[str, str]:
    """Goes on inside the virtual environment, with the peers installed; returns which are not, and why."""
    if not environment.inside():
        progress.show("making the virtual environment")
        environment.create()
        os.execv(environment.PYTHON, [str(environment.PYTHON), *sys.argv])
    progress.show("installing the peers")
    unusable = environment.install_all(arguments.peers)
    progress.clear()
    return unusable


def _cases(arguments: argparse.Namespace) -> list["Case"]:
    from exporting import exported

    folder = None if arguments.random else arguments.weights
    return [exported(net, batch, threads, folder, WORK)
            for net in arguments.models for batch in arguments.batch for threads in arguments.threads]


def _measure(arguments: argparse.Namespace, unusable: dict[str, str]) -> int:
    import report
    from contenders import peak_gflops
    from picture import draw
    from rounds import Outcome, Plan, compare

    machine = report.Machine(report.cpu_name(), arguments.threads, report.load_average())
    cases = _cases(arguments)
    machine.peak_gflops = peak_gflops(cases[0], arguments.skipc)
    plan = Plan(arguments.rounds, arguments.seconds, arguments.skipc, WORK / "logits")
    outcomes: list[Outcome] = []
    for case in cases:
        outcomes.append(compare(case, ["skip", *arguments.peers], unusable, plan))
        report.write_json(arguments.json, machine, outcomes)  # an interruption loses one case
    drawn = draw(arguments.picture, machine, outcomes)
    print("\n".join(["", *machine.lines(), *report.versions(outcomes), "", report.table(outcomes), ""]))
    print(f"written: {arguments.json}" + (f", {arguments.picture}" if drawn else ""))
    return 1 if any(outcome.skip().failure for outcome in outcomes) else 0


def main() -> int:
    arguments = parse()
    try:
        if not os.access(arguments.skipc, os.X_OK):
            raise OSError(f"`{arguments.skipc}` is no program: build it with `make`, or name it with --skipc")
        unusable = _install(arguments)
        return _measure(arguments, unusable)
    except (OSError, RuntimeError, ValueError) as error:
        progress.clear()
        print(f"run.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        progress.clear()
        return 130


if __name__ == "__main__":
    sys.exit(main())
