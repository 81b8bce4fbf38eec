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
    padded = [c.ljust(w) if i in LEFT or len(cells) == 4 else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths))]
    return "  ".join(padded).rstrip()


def table(outcomes: list[Outcome]) -> str:
    rows = [list(HEADINGS)] + [_row(o, s) for o in outcomes for s in o.series]
    measured = [row for row in rows if len(row) != 4]
    widths = [max(len(row[i]) for row in measured if i < len(row)) for i in range(len(HEADINGS))]
    widths[2] = max(len(row[2]) for row in rows)
    widths[3] = max([widths[3], *(len(row[3]) if len(row) != 4 else 0 for row in rows)])
    return "\n".join(_pad(row, widths if len(row) != 4 else [*widths[:3], 0]) for row in rows)


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
