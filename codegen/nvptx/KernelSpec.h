// From a kernel of the plan dialect to what its emitter and its step need.
#pragma once

#include "codegen/TargetLowering.h"
#include "codegen/nvptx/kernel/Spec.h"
#include "ir/plan/Plan.h"

#include <optional>

namespace skip::nvptx {

/// The specification by which the kernel's code is emitted, for a column of the target; all that its code is made from, so that
/// kernels of equal ones have equal code. Nothing when no family computes it.
std::optional<Spec> specOf(plan::KernelOp kernel, size_t column);

/// The column of the runtime's tables that the code for an architecture stands in.
SkipCudaColumn columnOf(plan::Architecture architecture);

/// Why a kernel has no specification.
codegen::Refusal refusalOf(plan::KernelOp kernel);

/// Operand order and domain of the kernel as a step. It must have a spec.
codegen::StepShape stepShapeOf(plan::KernelOp kernel);

/// How a kernel is launched.
struct LaunchShape {
  std::array<int64_t, 3> grid{1, 1, 1}; // for a turn's images at the bound
  int64_t threads = 0, sharedBytes = 0; // of a block; static shared memory counts too
};

/// Nothing when no family computes the kernel.
std::optional<LaunchShape> launchOf(plan::KernelOp kernel, size_t column);

} // namespace skip::nvptx
