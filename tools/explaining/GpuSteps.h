// The steps of a plan for GPUs: how each is launched, and what the cost model says that it takes beside what it must take.
//
// Nothing here was measured: rates are those of ir/plan/cuda/Gpu.cpp, and each operand comes from the GPU's memory once, also
// where it would still be in the cache. So the first run on a GPU tests predictions.
#pragma once

#include "codegen/nvptx/Predict.h"
#include "ir/plan/cuda/Tuning.h"

#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace skip::tool {

struct GpuStep {
  std::string name, operations, schedule;
  std::string problem;    ///< of a contraction, as tuning calls it; else empty
  std::string measuredOn; ///< whose measurements chose the schedule; empty where the cost model did
  int64_t images;         ///< of a turn
  nvptx::Prediction prediction;
};

/// The model for batches up to `batch`.
struct GpuVariant {
  int64_t batch;
  std::vector<GpuStep> steps;

  double sum(double nvptx::Prediction::*what) const;
};

/// Of a plan's function, which was made by `tuned`; an error names a step that no kernel computes.
llvm::Expected<GpuVariant> gpuVariantOf(mlir::func::FuncOp function, const plan::Gpu &gpu, const plan::CudaTuning &tuned);

} // namespace skip::tool
