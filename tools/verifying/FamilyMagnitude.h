// Magnitude.h's rules for activations and for the operations of the wider family of residual networks.
#pragma once

#include "tools/verifying/Magnitude.h"

#include <optional>

namespace skip::tool {

/// How many terms one of these operations sums, of a batch of `batch` images; nothing for others.
std::optional<int64_t> familyTerms(mlir::Operation &op, int64_t batch);

/// M of one of these operations' result, given those of its operands; nothing for others.
std::optional<reference::Tensor> familyMagnitude(mlir::OpResult value, llvm::ArrayRef<const Measured *> operands,
                                                 const reference::Tensor &result);

} // namespace skip::tool
