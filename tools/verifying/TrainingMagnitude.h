// The magnitudes of what only training computes: the other half of Magnitude.h.
#pragma once

#include "tools/verifying/Magnitude.h"

namespace skip::tool {

/// What magnitudeOf says of a value of training's operations, and of frozen parameters as they are folded; nothing of others.
std::optional<reference::Tensor> trainingMagnitude(mlir::OpResult value, llvm::ArrayRef<const Measured *> operands,
                                                   const reference::Tensor &result);

/// Roundings that follow one another in an element's sum, of a batch of `batch` images; nothing of others.
std::optional<int64_t> trainingTerms(mlir::Operation &op, int64_t batch);

} // namespace skip::tool
