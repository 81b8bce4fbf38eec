"""What is made once and kept below build/: exported models, and what peers compile from them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Callable, Iterable


def stale(target: Path, sources: Iterable[Path]) -> bool:
    """Whether the target is absent or older than something that it was made from."""
    return not target.exists() or any(s.stat().st_mtime > target.stat().st_mtime for s in sources)


def compiled(model: Path, suffix: str, make: Callable[[Path, Path], None]) -> Path:
    """`model` compiled into a file beside it; `make(model, output)` is called where that is absent or older than the model.

    The process starts anew after it has compiled: the memory that it reports is to be that of running."""
    target = model.with_suffix(f".{suffix}")
    if stale(target, [model]):
        part = target.with_name(f"part.{target.name}")
        make(model, part)
        part.rename(target)
        os.execv(sys.executable, [sys.executable, *sys.argv])
    return target


def skip_folder(model: Path) -> Path:
    """Where the library that Skip makes of this network, `net`, lies."""
    return model.with_suffix(".skip")
