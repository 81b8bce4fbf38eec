// The shape rules of the graph dialect, shared by the front end (which words the errors for users) and the operations.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <optional>

namespace skip::graph {

/// floor((size + 2 * padding - kernel) / stride) + 1, or nothing when the window does not fit or an argument is out of range.
std::optional<int64_t> windowOutputSize(int64_t size, int64_t kernel, int64_t stride, int64_t padding);

/// ceil(size / stride).
int64_t subsampledSize(int64_t size, int64_t stride);

/// The product of the dimensions, the dynamic batch counted as one.
int64_t elementsPerImage(llvm::ArrayRef<int64_t> shape);

} // namespace skip::graph
