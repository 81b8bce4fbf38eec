// What any operation of a plan multiplies: inference's by their interface, gradients' too.
#pragma once

#include "mlir/IR/Operation.h"

#include <optional>

namespace skip::graph {

/// For one image, as Costed counts them, of any operation that can stand in a kernel; nothing of one that is unknown here.
std::optional<int64_t> multiplyAddsOf(mlir::Operation *op);

} // namespace skip::graph
