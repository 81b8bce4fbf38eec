#!/usr/bin/env python3
"""Runs the goldens of instructions (goldens/) on the GPU that is here, or on SKIP_CUDA_DRIVER's.

    check_goldens.py goldens.txt                 holds what it gives against what was written down elsewhere
    check_goldens.py goldens.txt --record FILE   and writes down what it gave, so that an emulator can be held against it
    check_goldens.py --record FILE               only writes it down
    check_goldens.py --forms FILE.ptx ...        which forms of instructions of a text no golden has; 1 if there is any

Exit codes: 0 all agrees, 1 something does not or did not run, 2 usage, or a file that is none of these.
"""

from __future__ import annotations

import argparse
import pathlib
import sys

import goldens
from driver import DriverError
from goldens import forms, runs
from goldens.golden import entry


def uncovered(texts: list[str]) -> list[str]:
    covered = set().union(*(forms.forms(entry(golden)) for golden in goldens.everything()))
    return sorted(set().union(*map(forms.forms, texts)) - covered)


def check(path: pathlib.Path | None, record: pathlib.Path | None) -> bool:
    rows = goldens.everything()
    others = runs.read(path, rows) if path else None
    device, results = runs.run(rows)
    print(f"goldens of instructions on {device}", flush=True)
    if record:
        runs.write(record, rows, device, results)
    if others is None:
        others = results
    good, lines = runs.compare(rows, results, others, str(path.name if path else device))
    print("\n".join(lines), flush=True)
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=pathlib.Path, nargs="?", help="what another device gave")
    parser.add_argument("--record", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--forms", type=pathlib.Path, nargs="+", metavar="FILE")
    arguments = parser.parse_args()
    if not arguments.file and not arguments.record and not arguments.forms:
        parser.error("a file to compare with, --record or --forms is wanted")
    try:
        if arguments.forms:
            missing = uncovered([path.read_text(encoding="utf-8") for path in arguments.forms])
            print("\n".join(f"no golden has `{form}`" for form in missing) or "all forms have goldens")
            return 1 if missing else 0
        return 0 if check(arguments.file, arguments.record) else 1
    except (DriverError, OSError, ValueError) as error:
        print(f"check_goldens.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
