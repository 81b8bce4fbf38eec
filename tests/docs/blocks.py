#!/usr/bin/env python3
"""Every code block of the README and of the pages in docs/ does what it says.

    blocks.py --skipc SKIPC [PAGE...]

A block of language skip is compiled as a file of its own, in a folder of its own; one of c is compiled as C11, C17 and C23 without a
warning, and its `main` runs; cpp as C++20, and runs too, python runs, cmake configures and builds. A fragment names the file beside this script
that it stands in (```c in trainer.c): there it replaces the line with the words "the block". Libraries that blocks use are built first.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
PAGES = ["README.md", "frontend/README.md", *sorted(str(page.relative_to(PROJECT)) for page in (PROJECT / "docs").rglob("*.md"))]
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
FENCE = re.compile(r"^```(\w*)(?: in ([\w.]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Libraries:
    """Those that blocks include, in one folder."""

    def __init__(self, skipc: str, folder: pathlib.Path):
        self.skipc, self.folder = skipc, folder
        # For this machine alone: half of the code.
        self.flags = {"resnet50": ["resnet50", "--weights", "random:1", "--batch", "1,8", "--target-cpu=native"],
                      "net": ["cifar_resnet", "-D", "depth=8", "--train", "--target-cpu=native"]}

    def need(self, name: str) -> None:
        if not (self.folder / f"{name}.h").exists():
            run([self.skipc, "build", *self.flags[name], "--name", name, "-o", str(self.folder)])

    def need_weights(self, name: str) -> pathlib.Path:
        """A file of packed weights of that library."""
        folder = self.folder / "weights"
        if not (folder / f"{name}.skipweights").exists():
            run([self.skipc, "build", *self.flags[name], "--name", name, "--weights-mode=file", "-o", str(folder)])
        return folder / f"{name}.skipweights"


def run(command: "list[str]", folder=None, environment=None) -> None:
    done = subprocess.run(command, cwd=folder, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"$ {' '.join(command)}\n{done.stdout}")


def included(text: str) -> "list[str]":
    return re.findall(r'#include [<"](\w+)\.h(?:pp)?[>"]', text)


def check_skip(text, libraries, folder):
    (folder / "block.skip").write_text(text)
    run([libraries.skipc, "build", "block.skip", "--stop-after=plan", "-o", "plan.mlir"], folder)


def check_c(text, libraries, folder):
    (folder / "block.c").write_text(text)
    [name] = [name for name in included(text) if name in libraries.flags]
    libraries.need(name)
    for standard in ("c11", "c17", "c2x"):
        run(["cc", f"-std={standard}", *WARNINGS, f"-I{libraries.folder}", "block.c", str(libraries.folder / f"lib{name}.a"), "-lpthread", "-o", "block"], folder)
    run(["./block"], folder)


def check_cpp(text, libraries, folder):
    (folder / "block.cpp").write_text(text)
    [name] = [name for name in included(text) if name in libraries.flags]
    libraries.need(name)
    run(["c++", "-std=c++20", *WARNINGS, f"-I{libraries.folder}", "block.cpp", str(libraries.folder / f"lib{name}.a"), "-lpthread", "-o", "block"], folder)
    if f"{name}.skipweights" in text:
        (folder / f"{name}.skipweights").symlink_to(libraries.need_weights(name))
    run(["./block"], folder)


def check_python(text, libraries, folder):
    for name in re.findall(r"lib(\w+)\.so", text):
        libraries.need(name)
        (folder / f"lib{name}.so").symlink_to(libraries.folder / f"lib{name}.so")
    (folder / "block.py").write_text(text)
    run(["/usr/bin/python3", "block.py"], folder, {"PYTHONPATH": str(PROJECT / "python"), "SKIPC": libraries.skipc, "PYTHONDONTWRITEBYTECODE": "1"})


def check_cmake(text, libraries, folder):
    for name in re.findall(r"find_package\((\w+)", text):
        libraries.need(name)
    (folder / "CMakeLists.txt").write_text(text)
    run(["cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={libraries.folder}", f"-DHERE={HERE}"], folder)
    run(["cmake", "--build", "build"], folder)


# Some are for readers alone; those of docs/json.md are json_keys.py's.
CHECKS = {"skip": check_skip, "c": check_c, "cpp": check_cpp, "python": check_python, "cmake": check_cmake, "json": None, "ebnf": None, "text": None}


def framed(text: str, frame: str) -> str:
    lines = (HERE / frame).read_text().splitlines(keepends=True)
    [place] = [i for i, line in enumerate(lines) if "the block" in line]
    return "".join([*lines[:place], text, *lines[place + 1:]])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skipc", type=pathlib.Path, default=PROJECT / "build" / "release" / "bin" / "skipc")
    parser.add_argument("pages", nargs="*", default=PAGES)
    arguments = parser.parse_args()
    good = bad = 0
    with tempfile.TemporaryDirectory() as temporary:
        libraries = Libraries(str(arguments.skipc.resolve()), pathlib.Path(temporary) / "libraries")
        for page in arguments.pages:
            content = (PROJECT / page).read_text()
            if content.count("```") != 2 * len(FENCE.findall(content)):
                print(f"{page}: a code block is not closed, or its first line is not understood")
                bad += 1
            for match in FENCE.finditer(content):
                language, frame, text = match.groups()
                where = f"{page}:{content.count(chr(10), 0, match.start()) + 1}"
                if language not in CHECKS:
                    print(f"{where}: language `{language}` is none of {', '.join(CHECKS)}")
                    bad += 1
                elif CHECKS[language]:
                    folder = pathlib.Path(tempfile.mkdtemp(dir=temporary))
                    try:
                        CHECKS[language](framed(text, frame) if frame else text, libraries, folder)
                        good += 1
                    except (RuntimeError, ValueError) as error:
                        print(f"{where}: {error}")
                        bad += 1
    print(f"{good} code blocks hold, {bad} do not")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
