"""The ratios as bars from 1 up (Skip is faster) or down, on a logarithmic scale: a panel a batch size and number of threads, a group a network, a colour a peer."""

from __future__ import annotations

import statistics
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, ScalarFormatter

from contenders import title
from report import Machine
from rounds import Outcome

GROUP = 0.8  # the share of a group's width that its bars fill


def _peers(outcomes: list[Outcome]) -> list[str]:
    """Those with at least one ratio, in the order in which they were named."""
    names = [s.name for s in outcomes[0].series if s.name != "skip"]
    return [n for n in names if any(o.ratios(o.named(n)) for o in outcomes)]


def _draw_peer(axes: Axes, outcomes: list[Outcome], number: int, name: str, count: int) -> None:
    width = GROUP / count
    offset = (number - (count - 1) / 2) * width
    measured = [(i + offset, r) for i, o in enumerate(outcomes) if (r := o.ratios(o.named(name)))]
    places = [place for place, _ in measured]
    middles = [statistics.median(r) for _, r in measured]
    spread = [[m - min(r) for m, (_, r) in zip(middles, measured)], [max(r) - m for m, (_, r) in zip(middles, measured)]]
    axes.bar(places, [m - 1 for m in middles], width, bottom=1, color=f"C{number}", label=title(name), yerr=spread,
             error_kw={"elinewidth": 0.8, "ecolor": "0.3"})
    for place, middle, (_, ratios) in zip(places, middles, measured):
        above = middle >= 1
        axes.annotate(f"{middle:.2f}", (place, max(ratios) if above else min(ratios)), xytext=(0, 2 if above else -2),
                      textcoords="offset points", ha="center", va="bottom" if above else "top", fontsize=7)


def _draw_panel(axes: Axes, batch: int, threads: int, outcomes: list[Outcome], peers: list[str]) -> None:
    for number, name in enumerate(peers):
        _draw_peer(axes, outcomes, number, name, len(peers))
    axes.axhline(1, color="black", linewidth=1)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.margins(y=0.15)
    axes.set_xticks(range(len(outcomes)), [o.case.network.name.replace("_", "\n") for o in outcomes], fontsize=8)
    axes.set_ylabel(f"batch {batch}\n{threads} thread{'s' if threads > 1 else ''}")
    axes.spines[["top", "right"]].set_visible(False)


def draw(path: Path, machine: Machine, outcomes: list[Outcome]) -> bool:
    """Whether there was anything to draw; if not, no picture of an earlier comparison is left there."""
    peers = _peers(outcomes)
    if not peers:
        path.unlink(missing_ok=True)
        return False
    kinds = sorted({(o.case.batch, o.case.threads) for o in outcomes})
    groups = len(outcomes) / len(kinds)
    figure, panels = plt.subplots(len(kinds), 1, squeeze=False, layout="constrained",
                                  figsize=(max(6.0, 1.2 + 0.45 * groups * (1 + len(peers))), 1 + 2.5 * len(kinds)))
    for axes, (batch, threads) in zip(panels[:, 0], kinds):
        _draw_panel(axes, batch, threads, [o for o in outcomes if (o.case.batch, o.case.threads) == (batch, threads)], peers)
    figure.suptitle(f"Skip's speed / peer's speed, float32, {machine.cpu}", fontsize=9)
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=len(peers), frameon=False, fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    plt.close(figure)
    return True
