// The passes on the graph dialect, and their pipelines.
#pragma once

#include "mlir/Pass/Pass.h"

#include <memory>

namespace mlir {
class OpPassManager;
namespace func {
class FuncOp;
}
} // namespace mlir

namespace skip::graph {

#define GEN_PASS_DECL
#include "passes/graph/Passes.h.inc"

/// The passes that name values anew: after them each value bears the name that it keeps to the end. The reference that compiled
/// steps are held against runs these alone.
void buildReferencePipeline(mlir::OpPassManager &passes);

/// From the network as written to what inference computes.
void buildInferencePipeline(mlir::OpPassManager &passes);

/// From the network as written, `graph.trainable` on its function, to one step's loss and gradients.
void buildTrainingPipeline(mlir::OpPassManager &passes, const PrepareTrainingOptions &options);

void registerPasses();

} // namespace skip::graph
