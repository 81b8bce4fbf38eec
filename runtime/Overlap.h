// Whether the arrays of a run lie apart.
#pragma once

#include "runtime/Objects.h"

namespace skip::runtime {

/// An error that names both if an output shares memory with an input, another output, the workspace or the weights, or an
/// input with the workspace: steps write results while inputs and weights are still read. Inputs may share memory.
skip_status checkOverlap(const skip_context &context, int64_t n, const float *const *inputs, float *const *outputs);

} // namespace skip::runtime
