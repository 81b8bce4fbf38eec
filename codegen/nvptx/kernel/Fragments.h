// What products on tensor cores take from registers.
#pragma once

#include "codegen/nvptx/kernel/Builder.h"

namespace skip::nvptx {

/// A word each of four matrices of 8 rows of 16 bytes in shared memory: word lane mod 4 of row lane / 4. Each lane has the
/// address of a row, those of the first matrix first.
Values loadMatrices(Builder &b, Value address);

/// A word of f32 as one of tf32, to nearest, of two the one away from zero.
Value roundedToTf32(Builder &b, Value word);

} // namespace skip::nvptx
