// Which measurements a build goes by.
#pragma once

#include "tools/tuning/Measurement.h"

namespace skip::tuning {

/// For each problem, the measurements of this compiler on the device nearest to `device` that has any, of the earlier source
/// where two have them of that device, at the largest number of threads. The order within a source does not matter.
plan::TuningTable selectFor(const Device &device, const std::string &compiler,
                            const std::vector<std::vector<Measurement>> &sources);

} // namespace skip::tuning
