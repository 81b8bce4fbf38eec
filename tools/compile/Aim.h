// What a plan is made for, as attributes of its graph: the target, and what tuning found for it.
#pragma once

#include "tools/compile/Compile.h"

namespace skip::tool {

llvm::Error aimAt(Target target, mlir::ModuleOp module, const CompileOptions &options, const PlanRequest &request);

/// For x86, which trains too.
llvm::Error aimAtX86(mlir::ModuleOp module, const CompileOptions &options, const PlanRequest &request);

} // namespace skip::tool
