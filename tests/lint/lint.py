#!/usr/bin/env python3
"""Checks what the formatter does not: which folder may include which, and the shape of files.

Every file that git tracks, or would track, is read. Prints one line a finding and exits with 1 if there is any.
"""
from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Dependencies go one way: frontend -> ir <- passes <- codegen <- tools. The runtime ships inside of every compiled library and
# knows nothing of the compiler. What is in none of these folders (programs for users to read) includes what it likes.
MAY_INCLUDE = {
    "runtime": set(),
    "support": set(),
    "ir": {"support"},
    "frontend": {"ir", "support"},
    "passes": {"ir", "support"},
    "codegen": {"passes", "ir", "runtime", "support"},
    "emulator": {"support"},
    "release": set(),
    "tools": {"codegen", "passes", "frontend", "ir", "runtime", "support"},
    "bench": {"codegen", "passes", "frontend", "ir", "runtime", "support", "tools", "tests", "emulator"},
    "tests": {"codegen", "passes", "frontend", "ir", "runtime", "support", "tools", "emulator"},
}
# The rooms of tools/ in their order: what each may include besides itself, all of it above in this list.
ROOMS = {
    "data": set(),
    "text": set(),
    "loaded": set(),
    "weights": {"text"},
    "import": {"text", "weights"},
    "tuning": {"text", "loaded", "weights"},
    "compile": {"data", "text", "weights", "tuning"},
    "running": {"data", "text", "loaded", "weights", "compile"},
    "training": {"data", "text", "loaded", "weights", "compile", "running"},
    "verifying": {"data", "text", "weights", "running"},
    "explaining": {"text", "tuning", "compile", "verifying"},
    "skipc": {"data", "text", "weights", "import", "tuning", "compile", "running", "training", "verifying", "explaining"},
    "skip-opt": set(),
    "skip-time": {"weights", "tuning"},
}
# The order inside of the other folders: what the files below a folder may not include of what MAY_INCLUDE allows.
NOT_BELOW = {
    "ir/graph": {"ir/plan"},
    "ir/plan": {"ir/reference"},
    "ir/reference": {"ir/plan"},
    "frontend": {"ir/plan", "ir/reference"},
    "passes/graph": {"passes/plan", "ir/plan", "ir/reference"},
    "passes/plan": {"passes/graph", "ir/reference"},
    "codegen/kernel": {"codegen/x86", "codegen/nvptx"},
    "runtime/picture": {"runtime/training", "runtime/x86", "runtime/cuda"},
    "runtime/training": {"runtime/picture", "runtime/x86", "runtime/cuda"},
    "runtime/x86": {"runtime/picture", "runtime/training", "runtime/cuda"},
    "runtime/cuda": {"runtime/picture", "runtime/training", "runtime/x86"},
}
# The walk of steps shows a trainer where its state lies.
MAY_INCLUDE_BELOW = {"runtime/x86/State.cpp": {"runtime/training/Trainer.h"}}
# What the files below a folder may include of the own files of the folders above it: a target of codegen is told apart by one header,
# and emitters of kernels know no more than their specification.
OF_FOLDERS_ABOVE = {
    "codegen/x86": {"codegen/TargetLowering.h"},
    "codegen/nvptx": {"codegen/TargetLowering.h"},
    "codegen/kernel": set(),
    "codegen/x86/kernel": set(),
    "codegen/nvptx/kernel": set(),
}
# Files that lie in a folder itself, not below it, and may not include what lies below.
ABOVE_ITS_FOLDERS = {"runtime"}
# The runtime is linked with libc alone: of the C++ library it takes what needs no object of that.
HEADERS_OF_RUNTIME = re.compile(r"(?:\w+/)*\w+\.h|algorithm|array|atomic|bit|initializer_list|new")
# Files of code have these names, so that this check reads them.
FOREIGN = {".hpp", ".hh", ".cc", ".cxx", ".inc"}
# What both sides write down but once: the plan's binary layout in plain C, and the size of what is stored behind filters.
SHARED = {"runtime/Abi.h", "runtime/Balance.h", "runtime/Element.h"}
# What of a text may be shown: one rule for the messages of libraries and for those of tools.
OF_SUPPORT = {"runtime/Printable.h"}
# What the runtime calls and the emulator answers: the driver API as declared by Skip.
OF_EMULATOR = {"runtime/cuda/DriverApi.h", "runtime/cuda/DriverEntries.def", "runtime/cuda/DriverResults.def"}
# Programs for users to read.
NO_CODE = {"docs", "models"}
LIBRARIES = {"mlir", "mlir-c", "llvm", "llvm-c", "lld"}

# What only one target has is named where that target is: x86's instruction sets in folders x86/, in the plan's binary layout and in
# the table of targets. Tests and measurements name what they like.
OF_X86 = re.compile(r"\bSkipX86\w*|\bX86Kernels\b|\bX86\w*Attr\b|\bplan::Isa\b|\bIsa::\w+")
# The instruction sets of the plan's binary layout, which not even those who may include what is x86's name.
ISA_OF_ABI = re.compile(r"\bSkipIsa\b|\bSKIP_ISA_\w*")
# The same of CUDA's tables and attributes, in folders cuda/ and nvptx/, in the plan's binary layout and in the table of targets.
OF_CUDA = re.compile(r"\bSkipCuda\w*|\bCuda\w*Attr\b")
CUDA_FOLDERS = {"cuda", "nvptx"}
NAMES_X86 = {"tests", "bench"}
TARGET_TABLE = {"runtime/Abi.h", "tools/compile/Targets.cpp"}
# Who may include what lies in a folder x86/, besides such folders: where kernels of all targets come together, and the tuner and
# explanations, which speak of x86's schedules.
READS_X86 = {
    "codegen/EmitImage.cpp", "codegen/Image.h", "codegen/ImageView.cpp", "codegen/LowerPlan.cpp", "codegen/LowerPlan.h",
    "codegen/Manifest.cpp", "ir/plan/Targets.td",
    "tools/compile/Aim.cpp", "tools/compile/Compile.cpp", "tools/compile/Stages.cpp", "tools/compile/Targets.cpp", "tools/compile/Targets.h",
    "tools/compile/Tuning.cpp",
    "tools/explaining/Steps.cpp", "tools/skipc/Tune.cpp", "tools/skipc/TuneReport.cpp",
    "tools/training/Start.cpp",
    "tools/tuning/Candidate.cpp", "tools/tuning/Candidate.h", "tools/tuning/Measurement.h", "tools/tuning/Tuner.cpp",
    "tools/verifying/Magnitude.cpp", "tools/verifying/WinogradGrowth.cpp",
}
# Who may name what is CUDA's, and include it: where kernels of all targets come together, what shows plans, and tuning for GPUs.
READS_CUDA = {
    "codegen/EmitImage.cpp", "codegen/Image.h", "codegen/ImageView.cpp", "codegen/LowerPlan.cpp", "codegen/LowerPlan.h",
    "ir/plan/Targets.td",
    "tools/compile/Tuning.cpp", "tools/compile/Tuning.h",
    "tools/explaining/GpuSteps.cpp", "tools/explaining/GpuSteps.h", "tools/skipc/Plan.cpp", "tools/skipc/TuneCompile.cpp",
    "tools/skip-time/Arrays.h", "tools/skip-time/Gpu.cpp", "tools/skip-time/Gpu.h", "tools/skip-time/Manifest.h",
    "tools/tuning/CandidateFolder.h", "tools/tuning/GpuCandidate.cpp", "tools/tuning/GpuCandidate.h", "tools/tuning/Measurement.h",
}
# A C header that is given to users has a guard, for it is text of theirs in the end.
WITHOUT_PRAGMA = {"runtime/Runtime.h", "runtime/training/Training.h"}

CODE = {".cpp", ".h", ".c", ".S", ".td", ".def", ".py", ".cmake", ".sh"}
TEXT = CODE | {".md", ".mlir", ".skip", ".txt", ".json"}
WITH_INCLUDES = {".cpp", ".h", ".c", ".S", ".td", ".def"}
MOST_LINES = 400

RAW_STRING = re.compile(r'R"(\w*)\(.*?\)\1"', re.DOTALL)
# What may stand between the words of a directive: blanks, comments, and a line that goes on.
GAP = r"(?:[ \t]|\\\n|/\*(?:[^*]|\*(?!/))*\*/)*"
WORD = rf"{GAP}(?:include(?:_next)?|import)\b{GAP}"
INCLUDE = re.compile(rf'^{GAP}#?{WORD}"([^"]+)"', re.MULTILINE)
SYSTEM_INCLUDE = re.compile(rf"^{GAP}#{WORD}<([^>]+)>", re.MULTILINE)
COMPUTED_INCLUDE = re.compile(rf"^{GAP}#{WORD}(\w+)", re.MULTILINE)
# A loop over a reference to a list in braces, which is gone before the loop begins.
DANGLING_LOOP = re.compile(r"\bfor \([^;\n]*: [^;\n]*\b(?:ArrayRef|TypeRange|ValueRange)(?:<[^>\n]*>)?\{\w")
# Elements have types of 2 and of 4 bytes: who takes them all for floats asks nobody (`plan::elementBytes` is who to ask). A folder of a
# target knows what its sums are made of; the others write a float itself.
SIZE_OF_FLOAT = re.compile(r"\bsizeof\s*\(?\s*float\b")
FOLDERS_OF_ELEMENTS = ("ir/plan/", "passes/", "codegen/")
TARGET_FOLDERS = CUDA_FOLDERS | {"x86"}
HAS_FLOATS = {"ir/plan/Rounding.cpp", "codegen/ExecutableMain.c"}
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|work|Users)/\w")


class Findings:
    def __init__(self) -> None:
        self.count = 0

    def add(self, path: str, line: int, text: str) -> None:
        self.count += 1
        print(f"{path}:{line}: {text}")


def files() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, check=True, capture_output=True).stdout
    return sorted(path for path in listed.decode().split("\0") if path and (ROOT / path).is_file())


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def check_include(path: str, line: int, included: str, findings: Findings) -> None:
    folder, target = path.split("/")[0], included.split("/")[0]
    if target in LIBRARIES:
        if folder == "runtime":
            findings.add(path, line, f"`{included}`: the runtime may include nothing but itself and the C library")
        return
    if target not in MAY_INCLUDE or "/" not in included:
        findings.add(path, line, f"`{included}` is not written from the repository's root")
        return
    shared = ((included in SHARED and folder in {"ir", "passes"}) or (included in OF_EMULATOR and folder == "emulator") or
              (included in OF_SUPPORT and folder == "support"))
    if target != folder and target not in MAY_INCLUDE[folder] and not shared:
        findings.add(path, line, f"`{included}`: {folder}/ may not include {target}/")
    check_below(path, line, included, findings)
    if target == folder == "tools":
        check_room(path, line, included, findings)
    if "x86" in included.split("/") and "x86" not in path.split("/") and folder not in NAMES_X86 and path not in READS_X86:
        findings.add(path, line, f"`{included}` is x86's: only folders x86/ and READS_X86 may include it")
    if is_of_cuda(included) and not is_of_cuda(path) and folder not in NAMES_X86 and path not in READS_CUDA and not shared:
        findings.add(path, line, f"`{included}` is CUDA's: only folders cuda/ and nvptx/ and READS_CUDA may include it")
    generated = included.endswith((".inc", ".pb.h"))
    if not generated and not (ROOT / included).is_file():
        findings.add(path, line, f"`{included}` does not exist")


def check_below(path: str, line: int, included: str, findings: Findings) -> None:
    inside = [folder for folder in NOT_BELOW if path.startswith(folder + "/")]
    for folder in inside:
        if any(included.startswith(other + "/") for other in NOT_BELOW[folder]) and included not in MAY_INCLUDE_BELOW.get(path, ()):
            findings.add(path, line, f"`{included}`: {folder}/ may not include it")
    walled = [folder for folder in OF_FOLDERS_ABOVE if path.startswith(folder + "/")]
    folder = max(walled, key=len, default="")
    if walled and folder.startswith(included.rpartition("/")[0] + "/") and included not in OF_FOLDERS_ABOVE[folder]:
        findings.add(path, line, f"`{included}`: {folder}/ may not include it, which lies above")
    top, *rest = included.split("/")
    if top in ABOVE_ITS_FOLDERS and path.count("/") == 1 and path.startswith(top + "/") and len(rest) > 1:
        findings.add(path, line, f"`{included}` lies below {top}/, whose own files serve all that is below")


def is_of_cuda(path: str) -> bool:
    return not CUDA_FOLDERS.isdisjoint(path.split("/")[:-1])


def check_room(path: str, line: int, included: str, findings: Findings) -> None:
    room, target = path.split("/")[1], included.split("/")[1]
    if target != room and target not in ROOMS.get(room, set()):
        findings.add(path, line, f"`{included}`: tools/{room}/ may not include tools/{target}/")


def check_order(findings: Findings) -> None:
    above: set[str] = set()
    for room, below in ROOMS.items():
        for target in sorted(below - above):
            findings.add("tests/lint/lint.py", 1, f"ROOMS: tools/{room}/ includes tools/{target}/, which is not above it")
        above.add(room)


def check_code(path: str, text: str, findings: Findings) -> None:
    suffix = Path(path).suffix
    lines = text.count("\n")
    if lines > MOST_LINES:
        findings.add(path, lines, f"{lines} lines, at most {MOST_LINES}: split it")
    if suffix in WITH_INCLUDES and path.split("/")[0] in MAY_INCLUDE:
        outside = RAW_STRING.sub(lambda raw: "\n" * raw[0].count("\n"), text)  # emitted programs have includes of their own
        for match in INCLUDE.finditer(outside):
            check_include(path, line_of(outside, match.start()), match[1], findings)
        for match in SYSTEM_INCLUDE.finditer(outside):
            first = match[1].split("/")[0]
            if first in MAY_INCLUDE or (first in LIBRARIES and path.startswith("runtime/")):
                check_include(path, line_of(outside, match.start()), match[1], findings)
            elif path.startswith("runtime/") and not HEADERS_OF_RUNTIME.fullmatch(match[1]):
                findings.add(path, line_of(outside, match.start()), f"`{match[1]}`: the runtime needs the C library alone")
        for match in COMPUTED_INCLUDE.finditer(outside):
            findings.add(path, line_of(outside, match.start()), f"what `{match[1]}` includes cannot be seen: write the file's name")
    for match in DANGLING_LOOP.finditer(text):
        findings.add(path, line_of(text, match.start()), "the list in braces is gone before the loop begins: a std::array is not")
    if suffix == ".h" and path not in WITHOUT_PRAGMA and not re.search(r"^#pragma once$", text, re.MULTILINE):
        findings.add(path, 1, "no `#pragma once`")


def check_target(path: str, text: str, findings: Findings) -> None:
    *folders, _ = path.split("/")
    if "x86" in folders or (folders and folders[0] in NAMES_X86) or path in TARGET_TABLE:
        return
    found = ISA_OF_ABI.search(text)
    if found:
        findings.add(path, line_of(text, found.start()),
                     f"`{found[0]}` is x86's: only folders x86/, the binary layout and the table of targets may name it")
    found = OF_X86.search(text)
    if found and path not in READS_X86:
        findings.add(path, line_of(text, found.start()), f"`{found[0]}` is x86's: only folders x86/ may name it")
    found = OF_CUDA.search(text)
    if found and not is_of_cuda(path) and path not in READS_CUDA:
        findings.add(path, line_of(text, found.start()), f"`{found[0]}` is CUDA's: only folders cuda/ and nvptx/ may name it")


def check_elements(path: str, text: str, findings: Findings) -> None:
    if not path.startswith(FOLDERS_OF_ELEMENTS) or not TARGET_FOLDERS.isdisjoint(path.split("/")[:-1]) or path in HAS_FLOATS:
        return
    for match in SIZE_OF_FLOAT.finditer(text):
        findings.add(path, line_of(text, match.start()), f"`{match[0]}`: not every element is a float, ask `plan::elementBytes`")


def check_text(path: str, text: str, findings: Findings) -> None:
    tab = text.find("\t")
    if tab >= 0:
        findings.add(path, line_of(text, tab), "a tab")
    for match in MACHINE_PATH.finditer(text):
        findings.add(path, line_of(text, match.start()), f"a path of one machine: `{match[0]}...`")


CODE_CHECKS = (check_code, check_target, check_elements)


def main() -> int:
    findings = Findings()
    check_order(findings)
    paths = files()
    for path in paths:
        suffix = Path(path).suffix
        if suffix in FOREIGN:
            findings.add(path, 1, f"a file of code is called .cpp, .h, .c, .td or .def here, not {suffix}")
        if suffix in WITH_INCLUDES and path.split("/")[0] not in MAY_INCLUDE.keys() | NO_CODE:
            findings.add(path, 1, "a folder of code that MAY_INCLUDE does not know")
        if Path(path).name != "CMakeLists.txt" and suffix not in TEXT:
            continue
        text = (ROOT / path).read_text(encoding="utf-8")
        check_text(path, text, findings)
        if suffix in CODE:
            for check in CODE_CHECKS:
                check(path, text, findings)
    print(f"lint: {len(paths)} files, {findings.count} findings")
    return 1 if findings.count else 0


if __name__ == "__main__":
    sys.exit(main())
