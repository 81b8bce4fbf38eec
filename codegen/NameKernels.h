// Names for kernels, the last of what a plan goes through.
#pragma once

#include "passes/plan/Passes.h"

#include "mlir/Pass/Pass.h"

#include <memory>

namespace skip::codegen {

/// The pass `plan-name-kernels`: gives every kernel of a finished plan a name for people, one for each identity. Nothing is
/// known by these names.
std::unique_ptr<mlir::Pass> createNameKernels();
void registerNameKernels();

/// What a plan goes through before it can be lowered: plan::buildPipeline(), then names.
void buildPipeline(mlir::OpPassManager &passes, const plan::PipelineOptions &options);

} // namespace skip::codegen
