// Vectors of 16 doubles, for sums over many images.
#pragma once

#include "codegen/x86/kernel/Builder.h"

namespace skip::kernel {

Value toDoubles(Builder &b, Value floats);
Value toFloats(Builder &b, Value doubles);
Value doubles(Builder &b, double value);
/// Of an i64 scalar.
Value doubles(Builder &b, Value integer);
Value squareRoot(Builder &b, Value doubles);

} // namespace skip::kernel
