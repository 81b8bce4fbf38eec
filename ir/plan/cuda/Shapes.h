// What CUDA's schedules depend on, read off a kernel.
#pragma once

#include "ir/plan/Plan.h"
#include "ir/plan/cuda/MmaSchedule.h"

#include <optional>

namespace skip::plan {

/// The shape of a contraction kernel for runs of up to `batch` images; nothing for other kernels.
std::optional<GemmShape> gemmShapeOf(KernelOp kernel, int64_t batch);

/// How many threads work on a point of the kernel's domain: 1, or a warp where a point is a row that is summed up.
int64_t lanesOf(KernelOp kernel);

GemmTile tileOf(CudaGemmAttr schedule);
MmaTile tileOf(CudaMmaAttr schedule);

} // namespace skip::plan
