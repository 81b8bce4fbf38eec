"""The exported model of a case: made once, and again when the exporter or the checkpoint is newer."""

from __future__ import annotations

from pathlib import Path

import export_onnx
import parameters
import progress
from artifacts import stale
from checkpoint import unpacked
from contenders import Case
from networks import Network


def _checkpoint(net: Network, folder: Path | None, work: Path) -> Path | None:
    """The first of the folder's files that is named as the network's checkpoints are."""
    found = sorted(folder.glob(net.checkpoint_pattern)) if folder else []
    return unpacked(found[0], work / "weights") if found else None


def exported(net: Network, batch: int, threads: int, folder: Path | None, work: Path) -> Case:
    """`folder` holds checkpoints; without it, or without one for this network, the weights are random."""
    progress.show(f"exporting {net.name}, batch {batch}")
    weights = _checkpoint(net, folder, work)
    model = work / "models" / f"{net.name}-b{batch}-{'checkpoint' if weights else 'random'}.onnx"
    sources = [Path(export_onnx.__file__), Path(parameters.__file__), *([weights] if weights else [])]
    if stale(model.with_suffix(".json"), sources):  # written last
        export_onnx.export(net, batch, weights, model)
    progress.clear()
    return Case(net, batch, threads, model)
