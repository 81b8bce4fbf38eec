// Weights for measuring and verifying, where no checkpoint is at hand.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <cstdint>
#include <string>

namespace skip::tool {

/// A safetensors file, in memory, with a value for each parameter of `model` (a graph before any pass). The same seed gives the
/// same bytes.
std::string randomWeights(mlir::func::FuncOp model, uint64_t seed);

} // namespace skip::tool
