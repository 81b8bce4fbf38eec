"""One line of progress on stderr, rewritten in place; silent where stderr is no terminal."""

from __future__ import annotations

import shutil
import sys


def show(text: str) -> None:
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns - 1
        print(f"\r\033[K{text[:width]}", end="", file=sys.stderr, flush=True)


def clear() -> None:
    show("")
