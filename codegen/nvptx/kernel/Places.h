// Where the values of nhwc activations lie, for kernels whose threads compute a vector of a picture each.
#pragma once

#include "codegen/nvptx/kernel/Builder.h"
#include "codegen/nvptx/kernel/Spec.h"

namespace skip::nvptx {

/// Where a vector of an nhwc activation lies.
struct Place {
  Value image, y, x, channel;
};

/// Of the vector `vector` of all images.
Place placeOf(Builder &b, const Picture &picture, Value vector);

/// Of a value's pixel and channel in an image, in elements.
Value offsetOf(Builder &b, const Picture &picture, Value image, Value pixel, Value channel);

/// One number of an input where `condition` holds, else zero; reads nothing else that lies outside.
Value loadWhere(Builder &b, Value condition, const Array &from, Value offset);

/// A tap of a window: the pixel of the input that it lies on, or 0 where it lies outside of the picture.
struct Tap {
  Value index, pixel, isInside;
};

/// Over the taps of the window of the result's vector at `place`, row by row; `body` returns what the next one carries.
Values forTaps(Builder &b, const Picture &input, const Window &window, const Place &place, ValueRange initial,
               llvm::function_ref<Values(const Tap &tap, ValueRange carried)> body);

} // namespace skip::nvptx
