"""Runs `skipc verify` on a case, and says in what way it failed.

The way is what shrinking preserves: wrong values, values that are no numbers, a signal, a wait, or an error's text without the names
and numbers in it.
"""
from __future__ import annotations

import dataclasses
import functools
import json
import math
import pathlib
import re
import shlex
import subprocess

import bodies

from . import groups
from .draw import Case

TIMEOUT_SECONDS = 120


@dataclasses.dataclass(frozen=True)
class Outcome:
    failure: str | None  # in what way, or None
    worst: float
    command: str
    messages: str
    warp_groups: int = 0  # steps by products of warp groups that were chosen for them


@functools.cache
def has_avx512(skipc: str) -> bool:
    """Whether such builds run here, as skipc sees this machine."""
    return "avx512" in bodies.run_here(skipc)


def command_of(skipc: str, path: pathlib.Path, case: Case) -> list[str]:
    if case.target_cpu == "x86-64-v4" and not has_avx512(skipc):
        case = dataclasses.replace(case, target_cpu=None)
    chosen = groups.choose(skipc, [str(path)], path.with_suffix(".txt"), case.seed, case.plan_flags()) if case.warp_groups else []
    return [skipc, "verify", str(path), *case.flags(), *chosen, "--jobs", "1", "--json"]


def warp_groups_of(skipc: str, path: pathlib.Path, case: Case) -> int:
    return groups.count(skipc, [str(path)], [*case.plan_flags(), *groups.flags_for(path.with_suffix(".txt"))]) if case.warp_groups else 0


def worst_error(stdout: str) -> float | None:
    """NaN where the report says so, None where there is no report."""
    try:
        worst = json.loads(stdout)["worst_relative_error"]
    except (ValueError, KeyError, TypeError):
        return None
    return float(worst) if isinstance(worst, (int, float)) else math.nan


def failure_of(code: int, worst: float | None, stderr: str) -> str | None:
    if code < 0:
        return f"signal {-code}"
    if worst is None:
        line = next((line for line in stderr.splitlines() if "error" in line), f"exit code {code} and no report")
        return re.sub(r"^\S+\.skip:|`[^`]*`|\d+", "", line).strip()
    if math.isnan(worst):
        return "no number"
    return "wrong values" if code else None


def verify(skipc: str, path: pathlib.Path, case: Case) -> Outcome:
    """Writes the spec to this path and leaves it there."""
    path.write_text(case.text())
    command = command_of(skipc, path, case)
    shown = shlex.join(command)
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        return Outcome(f"runs for more than {TIMEOUT_SECONDS} s", math.nan, shown, "")
    worst = worst_error(done.stdout)
    failure = failure_of(done.returncode, worst, done.stderr)
    return Outcome(failure, math.nan if worst is None else worst, shown, done.stderr.strip(), warp_groups_of(skipc, path, case))
