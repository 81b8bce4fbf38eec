"""The ratios as bars: one group a case, one colour a peer, a line where Skip and the peer are equally fast."""

from __future__ import annotations

import statistics
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from contenders import title
from report import Machine
from rounds import Outcome

GROUP = 0.8  # the share of a group's width that its bars fill


def _label(outcome: Outcome) -> str:
    return f"{outcome.case.network.name}\nbatch {outcome.case.batch}"


def _peers(outcomes: list[Outcome]) -> list[str]:
    """Those with at least one ratio, in the order in which they were named."""
    names = [s.name for s in outcomes[0].series if s.name != "skip"]
    return [n for n in names if any(o.ratios(s) for o in outcomes for s in o.series if s.name == n)]


def _draw_peer(axes: Axes, outcomes: list[Outcome], name: str, offset: float, width: float) -> None:
    places, heights, errors = [], [], ([], [])
    for i, outcome in enumerate(outcomes):
        ratios = outcome.ratios(next(s for s in outcome.series if s.name == name))
        if ratios:
            middle = statistics.median(ratios)
            places.append(i + offset)
            heights.append(middle)
            errors[0].append(middle - min(ratios))
            errors[1].append(max(ratios) - middle)
    bars = axes.bar(places, heights, width, yerr=errors, label=title(name), error_kw={"elinewidth": 0.8, "ecolor": "0.3"})
    axes.bar_label(bars, fmt="%.2f", fontsize=7, padding=2)


def draw(path: Path, machine: Machine, outcomes: list[Outcome]) -> bool:
    """Whether there was anything to draw; if not, no picture of an earlier comparison is left there."""
    peers = _peers(outcomes)
    if not peers:
        path.unlink(missing_ok=True)
        return False
    width = GROUP / len(peers)
    figure, axes = plt.subplots(figsize=(max(6.0, 1.2 + 0.45 * len(outcomes) * (1 + len(peers))), 4.5), layout="constrained")
    for i, name in enumerate(peers):
        _draw_peer(axes, outcomes, name, (i - (len(peers) - 1) / 2) * width, width)
    axes.axhline(1, color="black", linewidth=1)
    axes.set_xticks(range(len(outcomes)), [_label(o) for o in outcomes], fontsize=8)
    axes.set_ylabel("Skip's speed / peer's speed")
    axes.set_title(f"Above the line Skip is faster: float32, {machine.threads} threads, {machine.cpu}", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=150)
    plt.close(figure)
    return True
