// The passes on the plan dialect, and their pipeline.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace mlir {
class ModuleOp;
class OpPassManager;
namespace func {
class FuncOp;
}
} // namespace mlir

namespace skip::plan {

#define GEN_PASS_DECL
#include "passes/plan/Passes.h.inc"

/// From what inference computes to a plan: steps, layouts, schedules, memory. The module has `plan.target`; `batches` are
/// ascending batch bounds, at least one.
void buildPipeline(mlir::OpPassManager &passes, llvm::ArrayRef<int64_t> batches);

void registerPasses();

} // namespace skip::plan
