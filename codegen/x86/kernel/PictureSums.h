// Sums over the pixels of a picture.
#pragma once

#include "codegen/x86/kernel/Vectors.h"

namespace skip::kernel {

/// One block of a picture, in each of the tensors that are read together.
struct PictureRows {
  Value rows, columns;
  llvm::SmallVector<View, 2> planes; // pointer and row
};

/// `totals`, vectors of doubles, with the sums over all pixels added. `addPixel` adds a pixel's terms, of the vectors that lie
/// there, to sums of floats, one for each total. A row is summed on its own, in four partial sums, and rows in doubles, so that
/// large pictures lose little precision.
Values addPicture(Builder &b, const PictureRows &picture, ValueRange totals,
                  llvm::function_ref<void(ValueRange pixel, llvm::MutableArrayRef<Value> sums)> addPixel);

} // namespace skip::kernel
