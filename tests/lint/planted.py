#!/usr/bin/env python3
"""Holds each wall of lint.py against a line that breaks it, and against one beside it that does not.

No file is written: the lines are given to the checks as if they stood alone in a file of that path. Exits with 1 if a wall let one
through, or refused what is allowed.
"""
from __future__ import annotations

import sys

import lint

# A file, what would stand in it, and what is to be said of it.
REFUSED = [
    # The order of folders.
    ("runtime/Model.cpp", '#include "ir/graph/Graph.h"', "runtime/ may not include ir/"),
    ("frontend/Sema.cpp", '#include "ir/plan/Plan.h"', "frontend/ may not include it"),
    ("passes/graph/FoldBatchNorm.cpp", '#include "passes/plan/Passes.h"', "passes/graph/ may not include it"),
    ("passes/graph/FoldBatchNorm.cpp", '#include "ir/reference/Interpreter.h"', "passes/graph/ may not include it"),
    ("passes/plan/CheckPlan.cpp", '#include "passes/graph/Passes.h"', "passes/plan/ may not include it"),
    ("passes/plan/CheckPlan.cpp", '#include "ir/reference/Interpreter.h"', "passes/plan/ may not include it"),
    ("ir/plan/Layout.cpp", '#include "ir/reference/Interpreter.h"', "ir/plan/ may not include it"),
    ("ir/plan/x86/KernelCost.cpp", '#include "ir/reference/Interpreter.h"', "ir/plan/ may not include it"),
    ("ir/reference/Interpreter.cpp", '#include "ir/plan/Plan.h"', "ir/reference/ may not include it"),
    ("runtime/Model.cpp", '#include "runtime/picture/Input.h"', "lies below runtime/"),
    ("runtime/picture/Input.cpp", '#include "runtime/training/Trainer.h"', "runtime/picture/ may not include it"),
    ("runtime/picture/Input.cpp", '#include "runtime/x86/Body.h"', "runtime/picture/ may not include it"),
    ("runtime/training/Step.cpp", '#include "runtime/picture/Input.h"', "runtime/training/ may not include it"),
    ("runtime/x86/Walk.cpp", '#include "runtime/picture/Input.h"', "runtime/x86/ may not include it"),
    ("runtime/x86/Walk.cpp", '#include "runtime/training/Trainer.h"', "runtime/x86/ may not include it"),
    ("runtime/x86/State.cpp", '#include "runtime/training/Share.h"', "runtime/x86/ may not include it"),
    ("runtime/cuda/Run.cpp", '#include "runtime/training/Trainer.h"', "runtime/cuda/ may not include it"),
    ("codegen/kernel/Chain.cpp", '#include "codegen/x86/KernelSpec.h"', "codegen/kernel/ may not include it"),
    ("codegen/kernel/Chain.cpp", '#include "codegen/TargetLowering.h"', "which lies above"),
    ("codegen/x86/Lowering.cpp", '#include "codegen/Image.h"', "which lies above"),
    ("codegen/nvptx/Lowering.cpp", '#include "codegen/LowerPlan.h"', "which lies above"),
    ("codegen/x86/kernel/Conv.cpp", '#include "codegen/x86/KernelSpec.h"', "which lies above"),
    ("codegen/x86/kernel/Conv.cpp", '#include "codegen/TargetLowering.h"', "which lies above"),
    ("codegen/nvptx/kernel/Gemm.cpp", '#include "codegen/nvptx/EmitPtx.h"', "which lies above"),
    ("tools/text/Table.cpp", '#include "tools/compile/Compile.h"', "tools/text/ may not include tools/compile/"),
    # However it is written, and in whatever file is compiled.
    ("runtime/Model.cpp", '#include_next "ir/graph/Graph.h"', "runtime/ may not include ir/"),
    ("runtime/Model.cpp", '#import "ir/graph/Graph.h"', "runtime/ may not include ir/"),
    ("runtime/Model.cpp", '/* a */ # /* b */ include /* c */ "ir/graph/Graph.h"', "runtime/ may not include ir/"),
    ("runtime/Model.cpp", '#include \\\n"ir/graph/Graph.h"', "runtime/ may not include ir/"),
    ("runtime/Model.cpp", "#include/**/<ir/graph/Graph.h>", "runtime/ may not include ir/"),
    ("runtime/Model.cpp", "#include <vector>", "the runtime needs the C library alone"),
    ("runtime/Model.cpp", '#define WHAT "ir/graph/Graph.h"\n#include WHAT', "cannot be seen"),
    ("runtime/cuda/DriverEntries.def", '#include "ir/graph/Graph.h"', "runtime/ may not include ir/"),
    ("codegen/RuntimeObjectData.S", '#include "tools/compile/Compile.h"', "codegen/ may not include tools/"),
    # What is a target's.
    ("passes/plan/AssignLayouts.cpp", '#include "ir/plan/x86/Schedule.h"', "is x86's"),
    ("passes/plan/AssignLayouts.cpp", '#include "ir/plan/cuda/Schedule.h"', "is CUDA's"),
    ("codegen/LowerPlan.cpp", "static SkipIsa isa;", "is x86's"),
    ("codegen/Manifest.cpp", "for (int isa = 0; isa < SKIP_ISA_COUNT; ++isa)", "is x86's"),
    ("tools/compile/Targets.h", "SkipIsa isaOf(Body body);", "is x86's"),
    ("tools/compile/Compile.cpp", "request.isas[SKIP_ISA_AVX2]", "is x86's"),
    ("passes/plan/ChooseSchedules.cpp", "plan::Isa isa = first;", "is x86's"),
    ("ir/plan/Layout.cpp", "return Isa::avx2;", "is x86's"),
    ("tools/skipc/Plan.cpp", "plan::X86ConvAttr schedule;", "is x86's"),
    ("tools/skipc/Run.cpp", "SkipCudaKernel *kernel;", "is CUDA's"),
    # The size of elements.
    ("ir/plan/Layout.cpp", "return count * sizeof(float);", "not every element is a float"),
    ("passes/plan/AssignBuffers.cpp", "return count * sizeof( float );", "not every element is a float"),
    ("codegen/PackWeights.cpp", "return count * sizeof(float);", "not every element is a float"),
    ("codegen/kernel/Chain.cpp", "return count * sizeof(float);", "not every element is a float"),
]
ALLOWED = [
    ("passes/plan/CheckPlan.cpp", '#include "ir/plan/Plan.h"'),
    ("runtime/x86/State.cpp", '#include "runtime/training/Trainer.h"'),
    ("codegen/x86/Lowering.cpp", '#include "codegen/TargetLowering.h"'),
    ("codegen/x86/Lowering.cpp", '#include "codegen/x86/kernel/Kernel.h"'),
    ("codegen/x86/kernel/Conv.cpp", '#include "codegen/kernel/Epilogue.h"'),
    ("runtime/Model.cpp", "#include <string.h>"),
    ("runtime/Model.cpp", 'const char *emitted = R"(\n#include "ir/graph/Graph.h"\n)";'),
    ("ir/plan/x86/KernelCost.cpp", "return Isa::avx2;"),
    ("codegen/x86/Lowering.cpp", "static SkipIsa isa;"),
    ("tools/compile/Targets.cpp", "static SkipIsa isa;"),
    ("tools/compile/Targets.h", "plan::Isa planIsaOf(Body body);"),
    ("ir/plan/cuda/Schedule.cpp", "return count * sizeof(float);"),
    ("ir/reference/Interpreter.cpp", "return count * sizeof(float);"),
]


class Said(lint.Findings):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def add(self, path: str, line: int, text: str) -> None:
        self.texts.append(text)


def said_of(path: str, text: str) -> list[str]:
    said = Said()
    if path.endswith(".h"):
        text = "#pragma once\n" + text
    for check in lint.CODE_CHECKS:
        check(path, text + "\n", said)
    return said.texts


def main() -> int:
    wrong = 0
    for path, text, words in REFUSED:
        texts = said_of(path, text)
        if not any(words in said for said in texts) or any("does not exist" in said for said in texts):
            wrong += 1
            print(f"{path}: `{text}`: expected `{words}`, got {texts}")
    for path, text in ALLOWED:
        texts = said_of(path, text)
        if texts:
            wrong += 1
            print(f"{path}: `{text}` is allowed, but: {texts}")
    for path in {path for path, *_ in REFUSED + ALLOWED}:
        if not (lint.ROOT / path).is_file():
            wrong += 1
            print(f"{path} does not exist: plant the line in a file that does")
    print(f"planted: {len(REFUSED)} lines refused, {len(ALLOWED)} allowed, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
