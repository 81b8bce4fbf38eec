// The table of contents of the plan passes.
#include "passes/plan/Passes.h"

#include "ir/plan/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

namespace skip::plan {
#define GEN_PASS_REGISTRATION
#include "passes/plan/Passes.h.inc"
} // namespace skip::plan

using namespace skip;

void plan::buildPipeline(mlir::OpPassManager &passes, llvm::ArrayRef<int64_t> batches) {
  passes.addNestedPass<mlir::func::FuncOp>(createFormKernels());   // from here on a step is an operation
  passes.addNestedPass<mlir::func::FuncOp>(createAssignLayouts()); // from here on every tensor has a layout
  passes.addPass(createPackWeights());                             // packing depends on layouts
  SplitVariantsOptions options;
  options.batches.assign(batches.begin(), batches.end());
  passes.addPass(createSplitVariants(options)); // all that follows depends on the batch
  passes.addPass(createChooseSchedules());
  passes.addNestedPass<mlir::func::FuncOp>(createAssignBuffers());
  passes.addPass(createDeduplicateKernels()); // last: code depends on structure and schedules
}

void plan::registerPasses() {
  registerPlanPasses();
  mlir::PassPipelineRegistration<>("plan-inference", "all plan passes for batch 1, in order",
                                   [](mlir::OpPassManager &passes) { buildPipeline(passes, 1); });
}
