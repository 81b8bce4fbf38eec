// Scales a picture and gives out the rows of a part of it.
#pragma once

#include "runtime/Abi.h"
#include "runtime/picture/Pixels.h"

#include <stddef.h>

namespace skip::runtime {

/// A part of a picture that was scaled to width x height.
struct Cut {
  int64_t width, height;
  int64_t left, top, columns, rows; ///< within it, and not empty
};

class Resampling {
public:
  /// `grey`: pictures in colour are made grey first (Pixels.h). Sizes are at most mostPictureSide, scaled ones mostScaledSide.
  Resampling(const PictureView &picture, const Cut &cut, SkipFilter filter, bool grey);

  /// Bytes of a pixel in the rows that are given out: those of the picture's order, or 1.
  int32_t pixelBytes() const { return bytesOfPixel; }
  /// What run() needs to write to; 64-byte aligned.
  size_t scratchBytes() const;
  /// Calls `take` with each row of the cut, from the top. `avx2` changes no bit.
  void run(void *scratch, bool avx2, void (*take)(void *user, int64_t row, const uint8_t *pixels), void *user) const;

private:
  class Run;

  PictureView picture;
  Cut cut;
  SkipFilter filter;
  bool makesGrey, acrossFirst;
  int32_t bytesOfPixel;
};

} // namespace skip::runtime
