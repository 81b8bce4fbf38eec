// Which measurements a build goes by.
#pragma once

#include "tools/tuning/Measurement.h"

namespace skip::tuning {

/// For each problem, the measurements of one search: a device, a compiler, a source and a number of threads. They are those of
/// the device nearest to `device`; where there are several, of `compiler` before older ones, finished ones before others, of
/// the earlier source, with the largest number of threads. The order within a source does not matter.
plan::TuningTable selectFor(const Device &device, const std::string &compiler,
                            const std::vector<std::vector<Measurement>> &sources);

} // namespace skip::tuning
