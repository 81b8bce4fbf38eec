// What CUDA's schedules depend on, read off a kernel.
#pragma once

#include "ir/plan/Plan.h"
#include "ir/plan/cuda/Tuning.h"

#include <optional>

namespace skip::plan {

struct ContractionView;

/// The shape of a contraction kernel for runs of up to `batch` images; nothing for other kernels.
std::optional<GemmShape> gemmShapeOf(KernelOp kernel, int64_t batch);

/// The column whose kernels the GPU runs.
size_t columnFor(CudaTargetAttr target, const Gpu &gpu);

/// How many threads work on a point of the kernel's domain: 1, or a warp where a point is a row that is summed up.
int64_t lanesOf(KernelOp kernel);

/// The tuning problem of a contraction that stands in no kernel yet, in a variant for up to `batch` images; nothing for other
/// operations, and for general convolutions, which have one way and one schedule.
std::optional<CudaProblem> problemOf(mlir::Operation *op, int64_t batch, CudaTargetAttr target);
/// That of one that stands in a kernel, for `images` images.
CudaProblem problemOf(const ContractionView &view, int64_t images, CudaTargetAttr target);

/// What tuning found for the kernel's main contraction, the fastest first.
std::vector<CudaChoice> tunedChoices(KernelOp kernel);

GemmTile tileOf(CudaGemmAttr schedule);
MmaTile tileOf(CudaMmaAttr schedule);
WgmmaTile tileOf(CudaWgmmaAttr schedule);

} // namespace skip::plan
