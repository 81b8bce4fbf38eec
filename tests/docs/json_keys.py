#!/usr/bin/env python3
"""docs/json.md says what --json prints: each key, its type, and no other.

    json_keys.py --skipc SKIPC

A section of the page has commands, a table and an example. The commands are run in a folder with the files that they name, with --json. What each
prints must have the keys of the table with their types, but for those that are there `maybe`; each of these must be in what one command prints,
and those that are there `with AVX-512` if the machine has it. The example must be of the same kind.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

PROJECT = pathlib.Path(__file__).resolve().parents[2]
INPUTS = PROJECT / "tests" / "tool" / "Inputs"
PAGE = PROJECT / "docs" / "json.md"
ROW = re.compile(r"^\| `([^`]+)` \| ([a-z ]+?)(, maybe|, with AVX-512)? \|[^|]*\|$", re.MULTILINE)
HAS_AVX512 = not os.environ.get("SKIP_NO_AVX512") and "avx512f" in pathlib.Path("/proc/cpuinfo").read_text()
COMMAND = re.compile(r"^    skipc (.*)$", re.MULTILINE)
EXAMPLE = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KINDS = {"integer": int, "number": (int, float), "text": str, "boolean": bool, "object": dict}


def prepare(folder: pathlib.Path, skipc: str) -> None:
    shutil.copy(PROJECT / "models" / "checkpoints" / "cifar10-resnet20.safetensors", folder / "resnet20.safetensors")
    shutil.copytree(PROJECT / "models" / "demo", folder / "pictures")
    pictures = sorted((folder / "pictures").glob("*.png"))
    (folder / "pictures" / "labels.tsv").write_text("".join(f"{picture.name}\t{picture.name[0]}\n" for picture in pictures))
    (folder / "cat.png").symlink_to(pictures[3])
    shutil.copytree(folder / "pictures", folder / "broken")
    (folder / "broken" / pictures[0].name).write_text("no picture")
    for program, *arguments in (("onnx_file.py", "resnet", "net.onnx"), ("colours.py", "colours", "12")):
        subprocess.run([sys.executable, INPUTS / program, *arguments], cwd=folder, check=True)
    for spec, name in (("train-tiny.skip", "net.skip"), ("pointwise.skip", "one.skip")):
        shutil.copy(INPUTS / spec, folder / name)
    subprocess.run([skipc, "tune", "one.skip", "--target=cuda", "--compile-only", "compiled"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    compiler = json.loads((folder / "compiled" / "candidates.json").read_text())["compiler"]
    of_gpu = re.sub("^compiler .*$", f"compiler {compiler}", (INPUTS / "tiny-on-gpu.txt").read_text(), flags=re.MULTILINE)
    (folder / "gpu.txt").write_text(of_gpu)
    (folder / "two.skip").write_text("model a { input x[3, 8, 8] output y = relu(x) }\nmodel b { input x[3, 8, 8] output y = relu(x) }\n")
    (folder / "unused.skip").write_text("model unused {\n  input image[3, 8, 8]\n  half = image |> relu\n  output y = image |> relu\n}\n")
    (folder / "wrong.skip").write_text("model wrong {\n  input image[3, 8, 8]\n  output y = image |> relo\n}\n")


def is_kind(value, kind: str) -> bool:
    if kind.endswith(" or null"):
        return value is None or is_kind(value, kind.removesuffix(" or null"))
    return isinstance(value, KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool))


class Table:
    """The keys of a section: `a[].b` is `b` of each object in the list `a`."""

    def __init__(self, rows: "list[tuple[str, str, str]]"):
        self.kinds = {key: kind for key, kind, _ in rows}
        self.required = {key for key, _, maybe in rows if not maybe}
        self.seen: "set[str]" = set()
        self.elsewhere = {key for key, _, maybe in rows if "AVX-512" in maybe and not HAS_AVX512}

    def children(self, path: str) -> "set[str]":
        """The names right below `path`."""
        below = [key[len(path):].lstrip(".") for key in self.kinds if key.startswith(path + ".") or not path]
        return {re.split(r"[.\[]", key)[0] for key in below}

    def is_required(self, path: str) -> bool:
        """It is, or something in it that stands nowhere else."""
        return path in self.required or path + "[]" in self.required or any(key.startswith((path + ".", path + "[].")) for key in self.required)

    def check(self, value, path: str, faults: "list[str]") -> None:
        if path in self.kinds:
            self.seen.add(path)
            if not is_kind(value, self.kinds[path]):
                faults.append(f"`{path}` is {json.dumps(value)[:60]}, the table says {self.kinds[path]}")
        elif isinstance(value, list):
            if path + "[]" in self.kinds and not value:
                self.seen.add(path + "[]")
            for each in value:
                self.check(each, path + "[]", faults)
        elif isinstance(value, dict):
            names = self.children(path)
            dot = path + "." if path else ""
            faults += [f"`{dot}{name}` is not in the table" for name in value.keys() - names]
            faults += [f"`{dot}{name}` is missing" for name in names - value.keys() if self.is_required(dot + name)]
            for name in names & value.keys():
                self.check(value[name], dot + name, faults)
        else:
            faults.append(f"`{path}` is {json.dumps(value)[:60]}, the table says a list or an object")


def reply_of(skipc: str, command: str, fails: bool, folder: pathlib.Path, faults: "list[str]"):
    done = subprocess.run([skipc, *command.split(), "--json"], cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if (done.returncode != 0) != fails:
        faults.append(f"exit code {done.returncode}: {done.stderr}")
    try:
        reply = json.loads(done.stdout)
    except json.JSONDecodeError as error:
        faults.append(f"stdout is no JSON object: {error}: {done.stdout[:200]}")
        return None
    if fails and reply.get("exit_code") != done.returncode:
        faults.append(f"`exit_code` is not {done.returncode}")
    return reply


def check_section(title: str, text: str, skipc: str, folder: pathlib.Path) -> "list[str]":
    rows = ROW.findall(text)
    if len(rows) != len(re.findall(r"^\| `", text, re.MULTILINE)):
        return ["a row of the table is not understood"]
    table = Table([("schema", "integer", ""), *rows])
    commands, examples = COMMAND.findall(text), EXAMPLE.findall(text)
    if not commands or not examples:
        return ["it has no command, or no example"]
    faults = []
    for command in commands:
        found: "list[str]" = []
        reply = reply_of(skipc, command, title == "Errors", folder, found)
        if reply is not None:
            table.check(reply, "", found)
        faults += [f"skipc {command}: {fault}" for fault in found]
    faults += [f"`{key}` is in no command's reply" for key in table.kinds.keys() - table.seen - table.elsewhere]
    for example in examples:
        found = []
        table.check(json.loads(example), "", found)
        faults += [f"example: {fault}" for fault in found]
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skipc", type=pathlib.Path, default=PROJECT / "build" / "release" / "bin" / "skipc")
    arguments = parser.parse_args()
    skipc = str(arguments.skipc.resolve())
    _, *sections = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)
    titles = [section.split("\n")[0].strip("`") for section in sections]
    help_text = subprocess.run([skipc, "--help"], capture_output=True, text=True, check=True).stdout
    commands = re.findall(r"^  ([a-z-]+) +\S", help_text.split("SUBCOMMANDS:" if "SUBCOMMANDS:" in help_text else "Subcommands:")[-1], re.MULTILINE)
    bad = [f"no section on `{command}`" for command in commands if command not in titles]
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        prepare(folder, skipc)
        for title, section in zip(titles, sections):
            bad += [f"{title}: {fault}" for fault in check_section(title, section, skipc, folder)]
    for fault in bad:
        print(fault)
    print(f"{len(titles)} sections, {len(bad)} faults")
    return 1 if bad or not commands else 0


if __name__ == "__main__":
    sys.exit(main())
