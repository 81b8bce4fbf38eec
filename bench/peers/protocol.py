"""What all contenders' programs share: arguments, the fixed input, the measurement, one line of JSON.

A contender is `NAME_peer.py MODEL BATCH THREADS SECONDS LOGITS`. It loads the model (compiling it where it must), runs it on the fixed
input, writes the last run's logits to LOGITS (.npy), and prints as the last line of its output

    {"version", "settings", "first_ms", "median_ms", "min_ms", "runs", "peak_mib"}

`first_ms` is from the start of loading to the first result; imports before it do not count. The other times are those of runs alone:
neither loading nor the copy of the input to where the engine wants it. `peak_mib` is the process's peak resident memory after the runs.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np

LEAST_RUNS = 5
PATIENCE = 10  # of what the measurement should take: then fewer runs than LEAST_RUNS are enough


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
    """Warms up for a tenth of the time, then runs for the rest of it, at least LEAST_RUNS times if that is not far longer. In seconds,
    one a run."""
    clock = time.perf_counter
    start = clock()
    while clock() - start < seconds / 10:
        run()
    times: list[float] = []
    start = clock()
    while not times or (spent := clock() - start) < seconds or (len(times) < LEAST_RUNS and spent < PATIENCE * seconds):
        begin = clock()
        run()
        times.append(clock() - begin)
    return times


def peak_mib() -> float:
    """Of this program alone: getrusage's ru_maxrss would start from what the process that started it had."""
    return int(re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures one contender on one model; see protocol.py.")
    parser.add_argument("model", type=Path, help="an ONNX file that export_onnx.py wrote")
    parser.add_argument("batch", type=int)
    parser.add_argument("threads", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("logits", type=Path, help="where to write them, a .npy file")
    return parser.parse_args()


def main(load: Loader) -> None:
    arguments = _parse()
    shape = json.loads(arguments.model.with_suffix(".json").read_text())["input"]
    if shape[0] != arguments.batch:
        raise SystemExit(f"the model was exported for batch {shape[0]}, not {arguments.batch}")
    job = Job(arguments.model, arguments.batch, arguments.threads, fixed_input(shape))  # lives on: engines read the image in place
    start = time.perf_counter()
    loaded = load(job)
    loaded.run()
    first = time.perf_counter() - start
    times = measure(loaded.run, arguments.seconds)
    peak = peak_mib()
    np.save(arguments.logits, loaded.output())
    print(json.dumps({"version": loaded.version, "settings": loaded.settings, "first_ms": 1e3 * first,
                      "median_ms": 1e3 * statistics.median(times), "min_ms": 1e3 * min(times), "runs": len(times), "peak_mib": peak}), flush=True)
