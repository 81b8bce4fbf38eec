// Resizing and cropping with the conventions that the public ImageNet checkpoints were evaluated with; the runtime does the
// work.
#pragma once

#include "runtime/Abi.h"
#include "tools/data/Picture.h"

namespace skip::data {

/// With antialiasing: bit for bit what Pillow's `Image.resize((width, height))` gives (runtime/picture/Resample.cpp). Nothing,
/// with a message, if the new size is above the limits of a picture.
std::optional<Picture> resize(const Picture &picture, int width, int height, std::string &error,
                              SkipFilter filter = SKIP_FILTER_BILINEAR);

/// Scales so that the shorter side is `size`; the longer is cut down to whole pixels (torchvision's `Resize(size)`).
std::optional<Picture> resizeShorterSide(const Picture &picture, int size, std::string &error,
                                         SkipFilter filter = SKIP_FILTER_BILINEAR);

/// The middle `width` x `height` pixels (torchvision's `CenterCrop`: an odd remainder is halved to the even neighbour;
/// where the picture is smaller than that, black is added around it first). Both must be at least 1.
Picture centerCrop(const Picture &picture, int width, int height);

/// Each colour is the picture's grey, as Pillow's `convert("L")` makes it.
Picture grey(const Picture &picture);

} // namespace skip::data
