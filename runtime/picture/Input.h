// What an input makes of a picture: which part of it, scaled to which size, and its numbers.
#pragma once

#include "runtime/picture/Resample.h"

namespace skip::runtime {

/// An input's height and width, and what it declares of pictures.
struct PictureInput {
  const SkipPicture &rule;
  int64_t height, width;
};

/// The part of a scaled picture that is seen, and where in the input it lies; black is around it.
struct Placement {
  Cut cut;
  int64_t left, top;
};

/// By the table of docs/preprocessing.md. False if the picture would be scaled to more than mostScaledSide pixels on a side.
bool placePicture(const PictureInput &input, int64_t pictureWidth, int64_t pictureHeight, Placement &placement);

/// Bytes of scratch for fillInput().
size_t fillBytes(const PictureInput &input, const PictureView &picture, const Placement &placement);

/// Writes planes, [channels, height, width]: ((float)v / 255 - mean[c]) / deviation[c], each step in float32, a deviation of 0
/// being 1. Of a grey picture each of three channels has a copy; of one in colour a single channel has its grey.
void fillInput(const PictureInput &input, const PictureView &picture, const Placement &placement, void *scratch, bool avx2,
               float *planes);

/// What each byte of a channel becomes.
void fillNumbers(float mean, float deviation, float numbers[256]);

/// How much of a length is cut off before what is kept, half of it: an odd remainder is halved to the even neighbour. Negative
/// where there is less than is kept: what is to stand before it, cut down.
int64_t marginFor(int64_t excess);

/// A length after scaling the shorter one to `side`, cut down to whole pixels.
int64_t scaledLength(int64_t length, int64_t shorter, int64_t side);

} // namespace skip::runtime
