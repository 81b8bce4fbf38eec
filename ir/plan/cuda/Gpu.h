// GPUs on paper: what predictions of time are made by. Plain C++, no MLIR.
#pragma once

#include "ir/plan/cuda/MmaSchedule.h"

#include <optional>
#include <span>
#include <string_view>

namespace skip::plan {

/// Rates are of one multiprocessor in a cycle, unless they say else.
struct Gpu {
  std::string_view name;
  int64_t multiprocessors;
  double hertz;
  double pairProducts;   // multiply-adds of 16 bits by mma.sync; of tf32 half as many
  double groupProducts;  // the same by products of warp groups; 0: it has none
  double floatProducts;  // multiply-adds of f32 on CUDA cores
  double cacheBytes;     // from the second-level cache
  int64_t sharedBytes;   // of one multiprocessor
  double pairPeak;       // of the GPU, floating-point operations of 16 bits in a second by its best instructions
  double bytesPerSecond; // of the GPU's memory
};

/// A100 and H100, which schedules of sm_80 and sm_90a are chosen for, and H200, each as SXM.
std::span<const Gpu> gpus();
const Gpu &a100();
const Gpu &h100();
std::optional<Gpu> gpuNamed(std::string_view name);

/// From the launch of one kernel to that of the next in a graph, beside what the first one computes.
inline constexpr double launchSeconds = 1.5e-6;

/// What a kernel does in all: floating-point operations, and bytes that it reads and writes, each operand once.
struct Work {
  double operations = 0, bytes = 0;
};

/// The least time, by the GPU's peaks, in elements of so many bytes; f32 has CUDA cores' unless `usesTensorCores`.
double rooflineSeconds(const Work &work, int64_t elementBytes, bool usesTensorCores, const Gpu &gpu);

/// What a kernel is likely to take: `cycles` of a contraction (predictedCycles), or 0, and no less than its bytes take.
double predictedSeconds(double cycles, const Work &work, const Gpu &gpu);

} // namespace skip::plan
