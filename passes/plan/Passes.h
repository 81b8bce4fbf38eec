// The passes on the plan dialect, and their pipeline.
#pragma once

#include "llvm/ADT/SmallVector.h"
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

struct PipelineOptions {
  llvm::SmallVector<int64_t> batches = {1}; ///< ascending batch bounds, at least one
  bool exact = false;                       ///< no algorithm that rounds differently from the direct one
  bool strassen = true; ///< whether channels may be added up, for which weights get factors when they are loaded
};

/// From what inference computes to a plan: steps, layouts, schedules, memory. The module has `plan.target`.
void buildPipeline(mlir::OpPassManager &passes, const PipelineOptions &options);

void registerPasses();

} // namespace skip::plan
