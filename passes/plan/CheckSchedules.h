// The rule about schedules.
#pragma once

#include "ir/plan/Plan.h"

namespace skip::plan {

/// check-12: each schedule of a contraction computes its shape, to the last column and block, in the registers of its column.
/// Kernels without schedules are not held to it.
mlir::LogicalResult checkSchedules(KernelOp kernel, int64_t batch, TargetInterface target);

} // namespace skip::plan
