// When two kernels are one.
#pragma once

#include "codegen/x86/kernel/Kernel.h"
#include "ir/plan/Plan.h"

#include <optional>
#include <vector>

namespace skip::codegen {

/// Everything that a kernel's code is made from: the specification that its emitter is given, for each ISA of the target in
/// order. Kernels of equal identity have equal code, whatever layer, batch or variant they stand in.
using KernelIdentity = std::vector<kernel::Spec>;

/// Nothing when no kernel family computes the kernel. It must have layouts and schedules.
std::optional<KernelIdentity> identityOf(plan::KernelOp kernel);

} // namespace skip::codegen
