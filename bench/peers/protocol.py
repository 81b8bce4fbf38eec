"""What every peer's program shares: arguments, the fixed input, the measurement, one line of JSON.

A peer is `PEER_peer.py MODEL BATCH THREADS SECONDS [--output Y.npy]`. It loads the model (compiling it where it must), runs it, and
prints {"version", "settings", "median_ms", "min_ms", "runs"} as the last line of its output. With --output it runs once on the fixed
input, writes the logits and measures nothing. Only the runs count: loading, and the copy of the input to where the peer wants it, do not.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np

LEAST_RUNS = 5


@dataclass(frozen=True)
class Loaded:
    """A model that is ready: `run` does one inference on the input it was loaded with, `output` gives the last run's logits."""

    version: str
    settings: str
    run: Callable[[], None]
    output: Callable[[], np.ndarray]


@dataclass(frozen=True)
class Job:
    model: Path
    batch: int
    threads: int
    image: np.ndarray


Loader = Callable[[Job], Loaded]


def fixed_input(shape: list[int]) -> np.ndarray:
    return np.random.default_rng(7).standard_normal(shape).astype(np.float32)


def measure(run: Callable[[], None], seconds: float) -> list[float]:
    """Warms up for a tenth of the time, then runs for the rest of it, at least LEAST_RUNS times. In seconds, one a run."""
    clock = time.perf_counter
    start = clock()
    run()
    while clock() - start < seconds / 10:
        run()
    times: list[float] = []
    start = clock()
    while len(times) < LEAST_RUNS or clock() - start < seconds:
        begin = clock()
        run()
        times.append(clock() - begin)
    return times


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures one peer on one model; see protocol.py.")
    parser.add_argument("model", type=Path, help="an ONNX file that export_onnx.py wrote")
    parser.add_argument("batch", type=int)
    parser.add_argument("threads", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--output", type=Path, help="write the logits there and measure nothing")
    return parser.parse_args()


def main(load: Loader) -> None:
    arguments = _parse()
    shape = json.loads(arguments.model.with_suffix(".json").read_text())["input"]
    if shape[0] != arguments.batch:
        raise SystemExit(f"the model was exported for batch {shape[0]}, not {arguments.batch}")
    job = Job(arguments.model, arguments.batch, arguments.threads, fixed_input(shape))  # lives on: peers read the image in place
    loaded = load(job)
    line: dict[str, object] = {"version": loaded.version, "settings": loaded.settings}
    if arguments.output:
        loaded.run()
        np.save(arguments.output, loaded.output())
    else:
        times = measure(loaded.run, arguments.seconds)
        line |= {"median_ms": 1e3 * statistics.median(times), "min_ms": 1e3 * min(times), "runs": len(times)}
    print(json.dumps(line), flush=True)
