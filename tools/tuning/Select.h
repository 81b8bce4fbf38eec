// Which measurements a build goes by.
#pragma once

#include "tools/tuning/Measurement.h"

namespace skip::tuning {

/// For each problem, the measurements of one search: a device, a compiler, a source and a number of threads. They are of a
/// device of the same ISA and caches before others; among those, of a finished search, of the nearest device, of `compiler` or
/// else the newest, of the earlier source, with the largest number of threads. The order within a source does not matter.
plan::TuningTable selectFor(const Device &device, const std::string &compiler,
                            const std::vector<std::vector<Measurement>> &sources);

/// The same for a GPU: a compute capability stands for the ISA, multiprocessors for a core's caches.
plan::CudaTuning selectFor(const GpuDevice &device, const std::string &compiler,
                           const std::vector<std::vector<Measurement>> &sources);

} // namespace skip::tuning
