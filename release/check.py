#!/usr/bin/env python3
"""Proves that programs and libraries run with glibc 2.31: each library that they need is one of its, and each symbol that they take
from it is there under the version they ask for, by what `objdump` says of them.

    check.py GLIBC-2.31.TXT FILE...
"""
from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

UNDEFINED = re.compile(r"^[0-9a-f]{16} (.{7}) \*UND\*\s+[0-9a-f]+\s+(?:\(?(\w+_[\w.]+)\)?\s+)?(\S+)$", re.MULTILINE)
DYNAMIC = re.compile(r"^ +(?:NEEDED|RPATH|RUNPATH) .*$", re.MULTILINE)
MOST = (2, 31)


def objdump(option: str, file: Path) -> str:
    return subprocess.run(["objdump", option, file], check=True, capture_output=True, text=True).stdout


def exported(abi: Path) -> dict[str, set[tuple[str, str]]]:
    """Of each library name and version of all symbols."""
    symbols: dict[str, set[tuple[str, str]]] = {}
    for line in abi.read_text().splitlines():
        if not line.startswith("#"):
            library, version, _, name = line.split()
            symbols.setdefault(library, set()).add((name, version))
    return symbols


def problems(file: Path, abi: dict[str, set[tuple[str, str]]]) -> tuple[list[str], str]:
    found, needed = [], []
    for entry in DYNAMIC.findall(objdump("-p", file)):
        kind, library = entry.split(maxsplit=1)
        if kind != "NEEDED":
            found.append(f"has {kind} {library}")
        elif library not in abi:
            found.append(f"needs {library}, which is none of glibc's")
        else:
            needed.append(library)
    there = set().union(*(abi[library] for library in [*needed, "ld-linux-x86-64.so.2"]))  # which libc.so.6 needs itself
    names = {name for name, _ in there}
    symbols = UNDEFINED.findall(objdump("-T", file))
    newest = (0, 0)
    for flags, version, name in symbols:
        if version.startswith("GLIBC_"):
            newest = max(newest, tuple(int(part) for part in version[6:].split("."))[:2])
        if version and (name, version) not in there:
            found.append(f"takes {name} of version {version}, which glibc 2.31 has not")
        elif not version and name not in names and "w" not in flags:  # what is weak may be missing
            found.append(f"takes {name}, which glibc 2.31 has not")
    if newest > MOST:
        found.append(f"asks for GLIBC_{newest[0]}.{newest[1]}")
    version = f"GLIBC_{newest[0]}.{newest[1]} at most" if newest > (0, 0) else "no version"
    return found, f"{len(symbols)} symbols, {version}, of {', '.join(needed)}"


def main() -> int:
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    abi, status = exported(Path(sys.argv[1])), 0
    for file in map(Path, sys.argv[2:]):
        found, summary = problems(file, abi)
        for problem in found:
            print(f"{file}: {problem}")
        print(f"{file.name}: {summary}")
        status |= bool(found)
    return status


if __name__ == "__main__":
    sys.exit(main())
