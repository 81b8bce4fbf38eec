// Kernels of the wider family of residual networks: KernelSpec.h's questions, of general convolutions and of what moves and
// pools besides.
#pragma once

#include "codegen/TargetLowering.h"
#include "codegen/kernel/Chain.h"
#include "codegen/x86/kernel/Kernel.h"
#include "ir/plan/Contractions.h"

#include <optional>

namespace skip::codegen {

kernel::Spec generalConvSpec(plan::KernelOp kernel, const plan::ContractionView &view, SkipIsa isa);
StepShape generalConvStep(plan::KernelOp kernel, const plan::ContractionView &view);

/// Nothing of a root that is none of these.
std::optional<kernel::Spec> familySpecOf(plan::KernelOp kernel, mlir::Operation *root);
std::optional<StepShape> familyStepOf(plan::KernelOp kernel, mlir::Operation *root);

/// The strides of a chain's tensors, as the kernels of their families read them: image, block and row, and no rows where
/// all pixels share one number.
void appendChainStrides(plan::KernelOp kernel, const kernel::Chain &chain, StepShape &step);

} // namespace skip::codegen
