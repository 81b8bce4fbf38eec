// The one-dimensional transforms of Winograd's F(m, 3); runtime/WinogradPoints.h defines their matrices.
#pragma once

#include "codegen/kernel/Builder.h"

namespace skip::kernel {

/// B^T d: the m + 2 values of the input polynomial, in the order of the points, from m + 2 inputs.
Values winogradForward(Builder &b, int64_t m, ValueRange d);

/// A^T x: m outputs from m + 2 products in the order of the points.
Values winogradBackward(Builder &b, int64_t m, ValueRange x);

/// Elements from one position of the transformed input to the next: winogradPositionVectors of a run-time number of blocks.
Value winogradPositionStride(Builder &b, Value blocks, int64_t group);

/// Memory for `vectors` vectors on the stack, aligned to 64 bytes. To be called at the function's top level, outside loops.
Value scratchVectors(Builder &b, int64_t vectors);

} // namespace skip::kernel
