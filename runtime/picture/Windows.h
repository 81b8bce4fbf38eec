// What a scaled picture's rows and columns are means of.
#pragma once

#include "runtime/Abi.h"

namespace skip::runtime {

/// One side of a picture, scaled from `input` pixels to `output`.
struct Side {
  int64_t input, output;
  SkipFilter filter;

  bool isScaled() const { return input != output; }
  /// No window has more pixels.
  int64_t mostPixels() const;
};

/// The input's pixels [first, first + count) that an output's pixel is a weighted mean of.
struct Window {
  int64_t first, count;
};
Window windowOf(const Side &side, int64_t output);

/// Writes the weights of a window, as whole numbers of 2^-22, as the passes read them: in groups of `groupSize` pixels, of
/// which each has the upper parts of its weights first and then the lower 11 bits of each. `lead` pixels before the window and
/// those behind it weigh nothing; all groups together have room for the window.
void writeWeights(const Side &side, int64_t output, int64_t lead, int64_t groupSize, int64_t groups, int16_t *weights);

enum { weightBits = 22, lowBits = 11 };

} // namespace skip::runtime
