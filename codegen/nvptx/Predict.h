// What a kernel is likely to take on a GPU, by the cost model that tiles are chosen by.
#pragma once

#include "codegen/nvptx/KernelSpec.h"
#include "ir/plan/cuda/Gpu.h"

namespace skip::nvptx {

/// A step, all its turns together.
struct Prediction {
  LaunchShape launch; // of a turn
  int64_t stages = 0; // of a tile on tensor cores
  plan::Work work;
  double roofline = 0, seconds = 0;
};

/// Of a step in the plan of a variant for `batch` images; nothing when no family computes its kernel.
std::optional<Prediction> predict(plan::KernelOp kernel, size_t column, int64_t batch, const plan::Gpu &gpu);

} // namespace skip::nvptx
