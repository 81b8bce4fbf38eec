// The table of contents of the graph passes.
#include "passes/graph/Passes.h"

#include "ir/graph/Graph.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

namespace skip::graph {
#define GEN_PASS_REGISTRATION
#include "passes/graph/Passes.h.inc"
} // namespace skip::graph

using namespace skip;

void graph::buildReferencePipeline(mlir::OpPassManager &passes) {
  auto &model = passes.nest<mlir::func::FuncOp>();
  model.addPass(createEraseIdentities()); // dropout ends here
  model.addPass(mlir::createCSEPass());   // what the spec says twice is computed once, under the first one's name
}

void graph::buildInferencePipeline(mlir::OpPassManager &passes) {
  buildReferencePipeline(passes);
  auto &model = passes.nest<mlir::func::FuncOp>();
  model.addPass(createFoldBatchNorm()); // a normalisation costs nothing once it is in the weights
}

void graph::buildTrainingPipeline(mlir::OpPassManager &passes, const PrepareTrainingOptions &options) {
  // First: it refuses what is an identity at inference alone, which the passes behind it would erase.
  passes.addNestedPass<mlir::func::FuncOp>(createPrepareTraining(options));
  buildReferencePipeline(passes);
  auto &model = passes.nest<mlir::func::FuncOp>();
  model.addPass(createDeriveBackward());
  model.addPass(createExpandBatchNorm());
  model.addPass(createExpandStridedGradients());
  model.addPass(createFoldBatchNorm());        // of what is frozen
  model.addPass(mlir::createCSEPass());        // a filter is transposed once
  model.addPass(createRecomputeActivations()); // behind what would join it with the first time
  model.addPass(createNameValues());           // last: a training step is held against what this leaves, by name
}

void graph::registerPasses() {
  registerGraphPasses();
  mlir::PassPipelineRegistration<>("graph-inference", "all graph passes for inference, in order", buildInferencePipeline);
}
