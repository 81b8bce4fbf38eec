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

void plan::buildPipeline(mlir::OpPassManager &passes, const PipelineOptions &options) {
  bool noSums = options.exact || !options.strassen;
  SplitVariantsOptions split;
  split.batches.assign(options.batches.begin(), options.batches.end());
  passes.addPass(createSplitVariants(split));         // all that follows may depend on the batch
  passes.addPass(createApplyTuning({options.exact})); // comes before the choices that it makes
  if (!options.exact)
    passes.addNestedPass<mlir::func::FuncOp>(createChooseAlgorithms());
  passes.addNestedPass<mlir::func::FuncOp>(createFormKernels());   // from here on a step is an operation
  passes.addNestedPass<mlir::func::FuncOp>(createAssignLayouts()); // from here on every tensor has a layout
  passes.addNestedPass<mlir::func::FuncOp>(createOrderSteps());
  passes.addNestedPass<mlir::func::FuncOp>(createFormSections()); // schedules depend on the images at a time
  passes.addPass(createPackWeights({noSums}));                    // packing depends on layouts; variants share what is equal
  passes.addPass(createPlaceState());
  passes.addNestedPass<mlir::func::FuncOp>(createSplitSums()); // schedules depend on the parts
  passes.addPass(createChooseSchedules({noSums}));
  passes.addPass(createDivideRuns());
  passes.addNestedPass<mlir::func::FuncOp>(createAssignBuffers());
  passes.addPass(createCheckPlan()); // last: what the others assumed is proved from what they made
}

void plan::registerPasses() {
  registerPlanPasses();
  mlir::PassPipelineRegistration<>("plan-inference", "all plan passes for batch 1, in order",
                                   [](mlir::OpPassManager &passes) { buildPipeline(passes, {}); });
}
