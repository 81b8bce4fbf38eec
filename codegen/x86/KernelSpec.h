// From a kernel of the plan dialect to what its emitter and its step need.
#pragma once

#include "codegen/TargetLowering.h"
#include "codegen/x86/kernel/Kernel.h"
#include "ir/plan/Plan.h"
#include "runtime/Abi.h"

#include <optional>
#include <vector>

namespace skip::codegen {

/// The specification by which the kernel's code is emitted; `schedule` is one of the kernel's, that for `isa`. Nothing when no
/// family computes it.
std::optional<kernel::Spec> specOf(plan::KernelOp kernel, mlir::Attribute schedule, SkipIsa isa);

/// Operand order and parameters of the kernel as a step. It must have a spec.
StepShape stepShapeOf(plan::KernelOp kernel);

} // namespace skip::codegen
