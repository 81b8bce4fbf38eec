"""Outcomes as a table for people and as JSON for programs."""

from __future__ import annotations

import json
import os
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

from contenders import title
from rounds import Outcome, Series

HEADINGS = ("model", "batch", "contender", "median ms", "min ms", "images/s", "GFLOP/s", "Skip/peer", "range")
LEFT = {0, 2}
NUMBERS = 3  # the first column of measured numbers


@dataclass(frozen=True)
class Machine:
    cpu: str
    threads: int
    load: float  # when the comparison began
    peak_gflops: float | None = None

    def lines(self) -> list[str]:
        text = [f"{self.cpu}, {self.threads} threads, float32"]
        if self.peak_gflops:
            text.append(f"multiply-adds peak at {self.peak_gflops:.0f} GFLOP/s (measured)")
        if self.load > 0.3:
            text.append(f"load average {self.load:.1f} at the start: other programs were running, distrust these times")
        return text


def cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "unknown CPU"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown CPU")


def load_average() -> float:
    return os.getloadavg()[0]


def _row(outcome: Outcome, series: Series) -> list[str]:
    case = outcome.case
    row = [case.network.name, str(case.batch), title(series.name)]
    if series.failure:
        return row + [f"not measured: {series.failure}"]
    seconds = series.median_ms / 1e3
    row += [f"{series.median_ms:.3f}", f"{series.min_ms:.3f}", f"{case.batch / seconds:.1f}", f"{case.about()['flops'] / seconds / 1e9:.0f}"]
    ratios = outcome.ratios(series) if series.name != "skip" else []
    if ratios:
        row += [f"{statistics.median(ratios):.2f}", f"{min(ratios):.2f} .. {max(ratios):.2f}"]
    return row


def _pad(cells: list[str], widths: list[int]) -> str:
    padded = [c.ljust(w) if i in LEFT else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths))]
    return "  ".join(padded).rstrip()


def table(outcomes: list[Outcome]) -> str:
    """A row whose contender was not measured has a sentence instead of numbers; it runs over the columns to its right."""
    rows = [list(HEADINGS)] + [_row(o, s) for o in outcomes for s in o.series]
    widths = [max(len(r[i]) for r in rows if i < len(r) and not (i == NUMBERS and len(r) == NUMBERS + 1)) for i in range(len(HEADINGS))]
    return "\n".join(_pad(row, widths) for row in rows)


def versions(outcomes: list[Outcome]) -> list[str]:
    """One line a contender: its version and its settings."""
    lines = {}
    for series in (s for o in outcomes for s in o.series if not s.failure):
        lines[series.name] = f"{title(series.name)} {series.version}".strip() + f": {series.settings}"
    return list(lines.values())


def _json_series(outcome: Outcome, series: Series) -> dict[str, object]:
    entry = {key: value for key, value in asdict(series).items() if value}
    if not series.failure:
        entry |= {"median_ms": series.median_ms, "min_ms": series.min_ms}
    if ratios := outcome.ratios(series):
        entry |= {"ratios": ratios, "ratio": statistics.median(ratios)}
    return entry


def write_json(path: Path, machine: Machine, outcomes: list[Outcome]) -> None:
    cases = [{"model": o.case.network.name, "batch": o.case.batch, "flops": o.case.about()["flops"],
              "contenders": [_json_series(o, s) for s in o.series]} for o in outcomes]
    path.write_text(json.dumps({"machine": asdict(machine), "cases": cases}, indent=1) + "\n")
