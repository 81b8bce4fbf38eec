"""Outcomes as a table for people and as JSON for programs."""

from __future__ import annotations

import json
import os
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

from contenders import title
from rounds import Outcome, Series

HEADINGS = ("model", "batch", "threads", "contender", "median ms", "min ms", "images/s", "GFLOP/s", "first ms", "peak MiB", "error", "Skip/peer", "range",
            "Skip/fastest peer")
LEFT = {0, 3, 13}
NUMBERS = 4  # the first column of measured numbers


@dataclass
class Machine:
    cpu: str
    threads: list[int]
    load: float  # when the comparison began
    peak_gflops: float | None = None

    def lines(self) -> list[str]:
        text = [f"{self.cpu}, float32"]
        if self.peak_gflops:
            text.append(f"multiply-adds peak at {self.peak_gflops:.0f} GFLOP/s (measured, {self.threads[0]} threads)")
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


def _ratio_to_fastest(outcome: Outcome) -> str:
    fastest = outcome.fastest_peer()
    ratios = outcome.ratios(fastest) if fastest else []
    return f"{statistics.median(ratios):.2f} ({title(fastest.name)})" if ratios else ""


def _row(outcome: Outcome, series: Series) -> list[str]:
    case = outcome.case
    row = [case.network.name, str(case.batch), str(case.threads), title(series.name)]
    if series.failure:
        return row + [f"failed: {series.failure}"]
    seconds = series.median_ms / 1e3
    row += [f"{series.median_ms:.3f}", f"{series.min_ms:.3f}", f"{case.batch / seconds:.1f}", f"{case.about()['flops'] / seconds / 1e9:.0f}"]
    row += [f"{series.first_ms:.1f}", f"{series.peak_mib:.0f}", "" if series.error is None else f"{series.error:.0e}"]
    if series.name == "skip":
        return row + ["", "", _ratio_to_fastest(outcome)]
    ratios = outcome.ratios(series)
    return row + ([f"{statistics.median(ratios):.2f}", f"{min(ratios):.2f} .. {max(ratios):.2f}"] if ratios else [])


def _pad(cells: list[str], widths: list[int]) -> str:
    padded = [c.ljust(w) if i in LEFT else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths))]
    return "  ".join(padded).rstrip()


def table(outcomes: list[Outcome]) -> str:
    """A row whose contender failed has a sentence instead of numbers; it runs over the columns to its right."""
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
    entry = {key: value for key, value in asdict(series).items() if value not in ("", [], None)}
    if not series.failure:
        entry |= {"median_ms": series.median_ms, "min_ms": series.min_ms, "first_ms": series.first_ms, "peak_mib": series.peak_mib}
    if series.name != "skip" and (ratios := outcome.ratios(series)):
        entry |= {"ratios": ratios, "ratio": statistics.median(ratios)}
    return entry


def _json_case(outcome: Outcome) -> dict[str, object]:
    case = outcome.case
    entry = {"model": case.network.name, "batch": case.batch, "threads": case.threads, "flops": case.about()["flops"],
             "contenders": [_json_series(outcome, s) for s in outcome.series]}
    fastest = outcome.fastest_peer()
    if fastest and (ratios := outcome.ratios(fastest)):
        entry |= {"fastest_peer": fastest.name, "ratio_to_fastest_peer": statistics.median(ratios)}
    return entry


def write_json(path: Path, machine: Machine, outcomes: list[Outcome]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": asdict(machine), "cases": [_json_case(o) for o in outcomes]}, indent=1) + "\n")
