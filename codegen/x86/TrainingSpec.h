// Kernels of training (ir/graph/GraphTrainingOps.td): KernelSpec.h's questions, of a kernel's only operation.
#pragma once

#include "codegen/TargetLowering.h"
#include "codegen/x86/kernel/Kernel.h"

#include <optional>

namespace skip::codegen {

std::optional<kernel::Spec> trainingSpecOf(plan::KernelOp kernel, mlir::Operation *root, SkipIsa isa);

/// It must have a spec.
StepShape trainingStepOf(plan::KernelOp kernel, mlir::Operation *root);

} // namespace skip::codegen
