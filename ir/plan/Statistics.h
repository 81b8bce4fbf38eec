// Tensors that are kept in f32 whatever activations are stored as.
#pragma once

#include "ir/plan/Plan.h"

namespace skip::plan {

/// Whether a tensor between kernels is moments: a mean of many values has more digits than they are stored with.
bool isStatistic(mlir::Value tensor);

} // namespace skip::plan
