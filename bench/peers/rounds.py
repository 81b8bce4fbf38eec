"""Alternating processes and what comes of them.

Speeds of a machine drift with its temperature and its neighbours, so contenders take turns: A B C, B C A, C A B, ... Each round gives
one ratio Skip : peer of two processes that ran close together; their median is the result, their range tells how far to trust it.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from pathlib import Path

import progress
from contenders import Case, Failed, measure, title


@dataclass
class Series:
    """One contender's processes on one case, in the order of rounds; or why there are none."""

    name: str
    version: str = ""
    settings: str = ""
    medians_ms: list[float] = field(default_factory=list)
    mins_ms: list[float] = field(default_factory=list)
    failure: str = ""

    def add(self, result: dict[str, object]) -> None:
        self.version = str(result.get("version", self.version))
        self.settings = str(result.get("settings", result.get("isa", "")))
        self.medians_ms.append(float(result["median_ms"]))
        self.mins_ms.append(float(result["min_ms"]))

    @property
    def median_ms(self) -> float:
        return statistics.median(self.medians_ms)

    @property
    def min_ms(self) -> float:
        return min(self.mins_ms)


@dataclass
class Outcome:
    case: Case
    series: list[Series]

    def skip(self) -> Series:
        return next(s for s in self.series if s.name == "skip")

    def ratios(self, peer: Series) -> list[float]:
        """Of each round Skip's speed / the peer's: above 1 Skip is faster. Empty where either was not measured."""
        if self.skip().failure or peer.failure:
            return []
        return [theirs / ours for ours, theirs in zip(self.skip().medians_ms, peer.medians_ms)]


def _turn(series: Series, case: Case, seconds: float, skipc: Path) -> None:
    try:
        series.add(measure(series.name, case, seconds, skipc))
    except Failed as failed:
        series.failure = str(failed)


def compare(case: Case, names: list[str], unusable: dict[str, str], rounds: int, seconds: float, skipc: Path) -> Outcome:
    """`unusable` has the peers that did not install, with the reason. A contender that fails once is not run again."""
    all_series = [Series(name, failure=unusable.get(name, "")) for name in names]
    for number in range(rounds):
        first = number % len(all_series)
        for series in all_series[first:] + all_series[:first]:
            if not series.failure:
                progress.show(f"{case.network.name} batch {case.batch}, round {number + 1} of {rounds}: {title(series.name)}")
                _turn(series, case, seconds, skipc)
    progress.clear()
    return Outcome(case, all_series)
