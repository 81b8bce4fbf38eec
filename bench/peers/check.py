"""Whether all contenders compute the same: logits of one fixed input, each compared with ONNX Runtime's."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import progress
from contenders import Case, Failed, execute, peer_command, skip_arguments, title
from protocol import fixed_input

TOLERANCE = 1e-4  # max|a - b| / max|b|
REFERENCE = "onnxruntime"


def _peer_logits(name: str, case: Case, folder: Path) -> np.ndarray:
    output = folder / f"{name}.npy"
    execute([*peer_command(name, case, 0), "--output", str(output)], case.threads)
    return np.load(output)


def _skip_logits(case: Case, folder: Path, skipc: Path) -> np.ndarray:
    image, output = folder / "image.npy", folder / "skip.npy"
    np.save(image, fixed_input(case.network.input_shape(case.batch)))
    execute([str(skipc), "run", *skip_arguments(case), "--input", str(image), "--output", str(output)], case.threads)
    return np.load(output)


def _difference(logits: np.ndarray, reference: np.ndarray) -> float:
    if logits.shape != reference.shape:
        raise Failed(f"gave {logits.shape}, expected {reference.shape}")
    return float(np.max(np.abs(logits - reference)) / np.max(np.abs(reference)))


def _judge(name: str, case: Case, folder: Path, skipc: Path, reference: np.ndarray) -> tuple[bool, str]:
    try:
        logits = _skip_logits(case, folder, skipc) if name == "skip" else _peer_logits(name, case, folder)
        difference = _difference(logits, reference)
    except Failed as failed:
        return False, str(failed)
    good = difference < TOLERANCE  # false for NaN
    return good, f"{difference:.1e}" + ("" if good else f", not below {TOLERANCE:.0e}")


def check(case: Case, names: list[str], unusable: dict[str, str], folder: Path, skipc: Path) -> int:
    """Prints a line for each contender; returns how many are wrong. A peer that did not install is named and not counted."""
    folder.mkdir(parents=True, exist_ok=True)
    label = f"{case.network.name} batch {case.batch}"
    try:
        reference = _peer_logits(REFERENCE, case, folder)
    except Failed as failed:
        print(f"FAILED  {label}: {title(REFERENCE)}, the reference: {failed}")
        return 1
    wrong = 0
    for name in (n for n in names if n != REFERENCE):
        if name in unusable:
            print(f"absent  {label}: {title(name)} did not install: {unusable[name]}")
            continue
        progress.show(f"{label}: {title(name)}")
        good, text = _judge(name, case, folder, skipc, reference)
        progress.clear()
        print(f"{'ok' if good else 'FAILED':6}  {label}: {title(name)}: {text}", flush=True)
        wrong += not good
    return wrong
