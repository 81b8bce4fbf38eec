// When two kernels are one.
#pragma once

#include "codegen/kernel/Kernel.h"
#include "ir/plan/Plan.h"
#include "passes/plan/Passes.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

#include <memory>
#include <optional>
#include <vector>

namespace skip::codegen {

/// Everything that a kernel's code is made from: the specification that its emitter is given, for each ISA of the target in
/// order. Kernels of equal identity have equal code, whatever layer, batch or variant they stand in.
using KernelIdentity = std::vector<kernel::Spec>;

/// Nothing when no kernel family computes the kernel. It must have layouts and schedules.
std::optional<KernelIdentity> identityOf(plan::KernelOp kernel);

/// The pass `plan-name-kernels`: gives every kernel of a finished plan a name for people, one for each identity. Nothing is
/// known by these names.
std::unique_ptr<mlir::Pass> createNameKernels();
void registerNameKernels();

/// What a plan goes through before it can be lowered: plan::buildPipeline(), then names.
void buildPipeline(mlir::OpPassManager &passes, const plan::PipelineOptions &options);

} // namespace skip::codegen
