"""Alternating processes and what comes of them.

Speeds of a machine drift with its temperature and its neighbours, so contenders take turns: A B C, B C A, C A B, ... Each round gives
one ratio Skip : peer of two processes that ran close together; their median is the result, their range tells how far to trust it.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import numpy as np

import progress
from contenders import Case, Failed, build_skip, measure, title

TOLERANCE = 1e-3  # max|a - b| / max|b|


@dataclass(frozen=True)
class Plan:
    rounds: int
    seconds: float  # of each process's measurement
    skipc: Path
    folder: Path  # for logits


@dataclass
class Series:
    """One contender's processes on one case, in the order of rounds; or why there are none."""

    name: str
    version: str = ""
    settings: str = ""
    medians_ms: list[float] = field(default_factory=list)
    mins_ms: list[float] = field(default_factory=list)
    firsts_ms: list[float] = field(default_factory=list)
    peaks_mib: list[float] = field(default_factory=list)
    error: float | None = None  # of its logits, against the reference's
    failure: str = ""

    def add(self, result: dict[str, object]) -> None:
        self.version, self.settings = str(result["version"]), str(result["settings"])
        self.medians_ms.append(float(result["median_ms"]))
        self.mins_ms.append(float(result["min_ms"]))
        self.firsts_ms.append(float(result["first_ms"]))
        self.peaks_mib.append(float(result["peak_mib"]))

    @property
    def median_ms(self) -> float:
        return statistics.median(self.medians_ms)

    @property
    def min_ms(self) -> float:
        return min(self.mins_ms)

    @property
    def first_ms(self) -> float:
        return statistics.median(self.firsts_ms)

    @property
    def peak_mib(self) -> float:
        return statistics.median(self.peaks_mib)


@dataclass
class Outcome:
    case: Case
    series: list[Series]

    def named(self, name: str) -> Series | None:
        return next((s for s in self.series if s.name == name), None)

    def skip(self) -> Series:
        return self.named("skip")

    def ratios(self, peer: Series) -> list[float]:
        """Of each round Skip's speed / the peer's: above 1 Skip is faster. Empty where either was not measured."""
        if self.skip().failure or peer.failure:
            return []
        return [theirs / ours for ours, theirs in zip(self.skip().medians_ms, peer.medians_ms)]

    def fastest_peer(self) -> Series | None:
        measured = [s for s in self.series if s.name != "skip" and not s.failure]
        return min(measured, key=lambda s: s.median_ms, default=None)


def _attempt(series: Series, action: str, step: Callable[[], None]) -> None:
    """Runs the step unless the contender failed before; what it raises is the contender's failure."""
    if series.failure:
        return
    progress.show(f"{action}: {title(series.name)}")
    try:
        step()
    except Failed as failed:
        series.failure = str(failed)


def _difference(logits: np.ndarray, reference: np.ndarray) -> float:
    if logits.shape != reference.shape:
        raise Failed(f"wrong logits, {logits.shape} instead of {reference.shape}")
    return float(np.max(np.abs(logits - reference)) / np.max(np.abs(reference)))


def _compare_logits(outcome: Outcome, folder: Path) -> None:
    """Holds all against ONNX Runtime, where it was measured, else against Skip."""
    candidates = [outcome.named("onnxruntime"), outcome.skip()]
    reference = next((s for s in candidates if s and not s.failure), None)
    if not reference:
        return
    expected = np.load(folder / f"{reference.name}.npy")

    def judge(series: Series) -> None:
        error = _difference(np.load(folder / f"{series.name}.npy"), expected)
        if not error < TOLERANCE:  # so written for NaN
            raise Failed(f"wrong logits, {error:.1e} away from {title(reference.name)}'s")
        series.error = error

    for series in outcome.series:
        if series is not reference:
            _attempt(series, "checking logits", lambda: judge(series))


def compare(case: Case, names: list[str], unusable: dict[str, str], plan: Plan) -> Outcome:
    """`unusable` has the peers that did not install, with the reason. A contender that fails once is not run again."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    outcome = Outcome(case, [Series(name, failure=unusable.get(name, "")) for name in names])
    where = f"{case.network.name} batch {case.batch}"
    _attempt(outcome.skip(), f"{where}, compiling", lambda: build_skip(case, plan.skipc))
    for number in range(plan.rounds):
        first = number % len(names)
        for series in outcome.series[first:] + outcome.series[:first]:
            _attempt(series, f"{where}, round {number + 1} of {plan.rounds}",
                     lambda: series.add(measure(series.name, case, plan.seconds, plan.folder / f"{series.name}.npy")))
    _compare_logits(outcome, plan.folder)
    progress.clear()
    return outcome
