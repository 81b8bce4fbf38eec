// The one-dimensional transforms of Winograd's F(m, 3); codegen/kernel/WinogradPoints.h defines their matrices.
#pragma once

#include "codegen/kernel/Builder.h"

namespace skip::kernel {

/// B^T d: the m + 2 values of the input polynomial, in the order of the points, from m + 2 inputs.
Values winogradForward(Builder &b, int64_t m, ValueRange d);

/// G g: the m + 2 values of the filter polynomial, from 3 taps.
Values winogradFilter(Builder &b, int64_t m, ValueRange g);

/// A^T x: m outputs from m + 2 products in the order of the points.
Values winogradBackward(Builder &b, int64_t m, ValueRange x);

/// Memory for `vectors` vectors on the stack, aligned to 64 bytes. To be called at the function's top level, outside loops.
Value scratchVectors(Builder &b, int64_t vectors);

} // namespace skip::kernel
