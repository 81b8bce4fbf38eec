// What every kernel family shares: the vector width and the elementwise operations that may follow a root.
#pragma once

#include "llvm/ADT/SmallVector.h"

#include <cstdint>

namespace skip::kernel {

/// Channels of a block, and lanes of every vector that the emitters use.
inline constexpr int64_t kLanes = 16;

/// An elementwise operation on a vector of one channel block. Its operands follow the root's, in chain order:
/// `Add` takes one (a blocked tensor of the result's shape), `ScaleShift` two (scale[c], shift[c]), `Relu` none.
enum class EpilogueOp { Add, Relu, ScaleShift };

using Epilogue = llvm::SmallVector<EpilogueOp, 4>;

} // namespace skip::kernel
