// The one-dimensional transforms of Winograd's F(m, r) with n = m + r - 1 points; codegen/x86/kernel/WinogradPoints.h defines
// their matrices.
#pragma once

#include "codegen/x86/kernel/Builder.h"

namespace skip::kernel {

/// B^T d: the n values of the input polynomial, in the order of the points, from n inputs.
Values winogradForward(Builder &b, ValueRange d);

/// G g: the n values of the filter polynomial, from r taps. Null values are zeros.
Values winogradFilter(Builder &b, int64_t n, ValueRange g);

/// The point of a row of positions before the last, in all lanes.
Value winogradPoint(Builder &b, int64_t n, Value row);

/// factor * x + y, where null values are zeros.
Value winogradMultiplyAdd(Builder &b, Value factor, Value x, Value y);

/// A^T x: m outputs from n products in the order of the points.
Values winogradBackward(Builder &b, int64_t m, ValueRange x);

/// Memory for `vectors` vectors on the stack, aligned to 64 bytes. To be called at the function's top level, outside loops.
Value scratchVectors(Builder &b, int64_t vectors);

} // namespace skip::kernel
