"""What the trainers' programs share: arguments, the fixed batch, the measurement, one line of JSON.

A trainer is `NAME_trainer.py NETWORK FOLDER BATCH THREADS SECONDS [MODE]`. It begins with the parameters in FOLDER/first.safetensors,
takes steps of SGD (momentum 0.9, decay 1e-4, a rate of 0.001: roundings grow from step to step with it) on one fixed batch, and prints

    {"version", "settings", "first_ms", "median_ms", "min_ms", "runs", "peak_mib", "losses"}

`losses` are those of the first three steps, which all trainers should agree on. Times are of whole steps: forward, loss, gradients,
update. `peak_mib` is the process's peak resident memory after them.
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

import protocol
from networks import Network, network

RATE, MOMENTUM, DECAY = 0.001, 0.9, 1e-4
COMPARED_STEPS = 3


@dataclass(frozen=True)
class Job:
    network: Network
    folder: Path
    batch: int
    threads: int
    mode: str
    images: np.ndarray
    labels: np.ndarray  # int32

    @property
    def checkpoint(self) -> Path:
        return self.folder / "first.safetensors"


@dataclass(frozen=True)
class Ready:
    """A trainer that has its parameters: `step` does one step and returns its loss."""

    version: str
    settings: str
    step: Callable[[], float]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures one trainer on one network; see training_protocol.py.")
    parser.add_argument("network", type=network)
    parser.add_argument("folder", type=Path)
    parser.add_argument("batch", type=int)
    parser.add_argument("threads", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("mode", nargs="?", default="")
    return parser.parse_args()


def main(open_trainer: Callable[[Job], Ready]) -> None:
    given = _parse()
    labels = np.random.default_rng(8).integers(0, given.network.classes, given.batch).astype(np.int32)
    job = Job(given.network, given.folder, given.batch, given.threads, given.mode,
              protocol.fixed_input(given.network.input_shape(given.batch)), labels)
    start = time.perf_counter()
    ready = open_trainer(job)
    losses = [ready.step()]
    first = time.perf_counter() - start
    losses += [ready.step() for _ in range(1, COMPARED_STEPS)]
    times = protocol.measure(ready.step, given.seconds)
    print(json.dumps({"version": ready.version, "settings": ready.settings, "first_ms": 1e3 * first,
                      "median_ms": 1e3 * statistics.median(times), "min_ms": 1e3 * min(times), "runs": len(times),
                      "peak_mib": protocol.peak_mib(), "losses": losses}), flush=True)
