#!/usr/bin/env python3
"""Makes what `skipc` of a release is linked with in place of the build machine's C library: libraries without code that export what
glibc 2.31 exports, under the versions of then, so that the result asks for no symbol and no version that came later.

    stubs.py GLIBC-2.31.TXT FOLDER --cc CC
"""
from __future__ import annotations

import argparse
import re
import subprocess
from collections import defaultdict
from pathlib import Path

LINE = re.compile(r"(\S+) (GLIBC_[\d.]+) (-|\d+) (\S+)")


class Symbol:
    def __init__(self, version: str, size: int | None, name: str) -> None:
        self.version, self.size, self.name = version, size, name


def read(path: Path) -> dict[str, list[Symbol]]:
    libraries = defaultdict(list)
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("#"):
            continue
        match = LINE.fullmatch(line)
        if not match:
            raise SystemExit(f"{path}:{number}: expected `library version size name`, not `{line}`")
        library, version, size, name = match.groups()
        libraries[library].append(Symbol(version, None if size == "-" else int(size), name))
    return libraries


FUNCTION, DATA = '.section .text,"ax",@progbits', '.section .bss,"aw",@nobits'


def assembly(symbols: list[Symbol]) -> str:
    lines = []
    for number, symbol in enumerate(symbols):
        label, is_data = f"skip_stub_{number}", symbol.size is not None
        lines += [DATA if is_data else FUNCTION, f".globl {label}", f".type {label}, {'@object' if is_data else '@function'}",
                  f"{label}:", f".zero {symbol.size}" if is_data else "nop", f".size {label}, {symbol.size if is_data else 1}",
                  f".symver {label}, {symbol.name}@@{symbol.version}"]
    return "\n".join([*lines, '.section .note.GNU-stack,"",@progbits', ""])


def version_script(symbols: list[Symbol]) -> str:
    versions = sorted({symbol.version for symbol in symbols}, key=lambda text: [int(part) for part in text[6:].split(".")])
    return "".join(f"{version} {{ {'local: *; ' if version == versions[0] else ''}}};\n" for version in versions)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("abi", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cc", required=True)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for library, symbols in read(arguments.abi).items():
        source, script = arguments.folder / f"{library}.s", arguments.folder / f"{library}.map"
        source.write_text(assembly(symbols))
        script.write_text(version_script(symbols))
        subprocess.run([arguments.cc, "-shared", "-nostdlib", "-fuse-ld=lld", f"-Wl,-soname,{library}", f"-Wl,--version-script={script}",
                        source, "-o", arguments.folder / library], check=True)


if __name__ == "__main__":
    main()
