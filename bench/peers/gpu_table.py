"""What was measured on a GPU as a table and as JSON: no PyTorch here, so that it is there without one."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, field
from pathlib import Path

SKIP = "Skip"
HEADINGS = ("precision", "batch", "contender", "ms", "images/s", "of roofline", "error", "Skip/peer", "range")
LEFT = {0, 2}


@dataclass
class Series:
    """One contender: seconds of a run, one a round; or why there are none. `error` is max|a - b| / max|b| of what it computed."""

    name: str
    settings: str = ""
    seconds: list[float] = field(default_factory=list)
    error: float | None = None
    failure: str = ""
    whole: bool = True  # computes the whole network: its results are those of the others, and it is a peer


@dataclass
class Case:
    precision: str
    batch: int
    roofline_seconds: float | None  # of Skip's plan on this GPU, where its data sheet is known
    series: list[Series] = field(default_factory=list)


def judged(series: Series, bound: float) -> Series:
    """Times count only of what is right."""
    if series.failure or (series.error is not None and series.error <= bound):
        return series
    wrong = "nothing was checked" if series.error is None else f"computes something else: off by {series.error:.1e}, at most {bound:.0e} is right"
    return Series(series.name, series.settings, [], series.error, wrong, series.whole)


def ratios(case: Case, peer: Series) -> list[float]:
    """How many times Skip is faster, a round each: rounds are compared, since clocks drift."""
    skip = next((series for series in case.series if series.name == SKIP), None)
    if skip is None or not skip.seconds or not peer.seconds or not peer.whole or peer.name == SKIP:
        return []
    return [theirs / ours for ours, theirs in zip(skip.seconds, peer.seconds)]


def _row(case: Case, series: Series) -> list[str]:
    row = [case.precision, str(case.batch), series.name]
    if series.failure:
        return row + [f"failed: {series.failure}"]
    seconds = statistics.median(series.seconds)
    share = f"{100 * case.roofline_seconds / seconds:.0f} %" if case.roofline_seconds and series.whole else ""
    row += [f"{1e3 * seconds:.3f}", f"{case.batch / seconds:.0f}" if series.whole else "", share, f"{series.error:.0e}"]
    against = ratios(case, series)
    return row + ([f"{statistics.median(against):.2f}", f"{min(against):.2f} .. {max(against):.2f}"] if against else [])


def table(cases: list[Case]) -> str:
    """A row whose contender failed has a sentence instead of numbers."""
    rows = [list(HEADINGS)] + [_row(case, series) for case in cases for series in case.series]
    widths = [max(len(row[i]) for row in rows if i < len(row) and len(row) != 4) for i in range(len(HEADINGS))]
    widths[2] = max(len(row[2]) for row in rows)
    lines = [[cell.ljust(width) if i in LEFT or (i == 3 and len(row) == 4) else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))]
             for row in rows]
    return "\n".join("  ".join(line).rstrip() for line in lines)


def settings(cases: list[Case]) -> list[str]:
    return sorted({f"{series.name}: {series.settings}" for case in cases for series in case.series if series.settings})


def write_json(path: Path, gpu: str, cases: list[Case]) -> None:
    path.write_text(json.dumps({"gpu": gpu, "cases": [asdict(case) for case in cases]}, indent=1) + "\n", encoding="utf-8")
