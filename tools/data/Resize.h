// Resizing and cropping with the conventions that the public ImageNet checkpoints were evaluated with.
#pragma once

#include "tools/data/Picture.h"

namespace skip::data {

/// Bilinear with antialiasing: bit for bit what Pillow's `Image.resize((width, height), BILINEAR)` gives. Nothing, with a
/// message, if the new size is above the limits of a picture.
std::optional<Picture> resize(const Picture &picture, int width, int height, std::string &error);

/// Scales so that the shorter side is `size`; the longer is cut down to whole pixels (torchvision's `Resize(size)`).
std::optional<Picture> resizeShorterSide(const Picture &picture, int size, std::string &error);

/// The middle `width` x `height` pixels (torchvision's `CenterCrop`: an odd remainder is halved to the even neighbour;
/// where the picture is smaller than that, black is added around it first). Both must be at least 1.
Picture centerCrop(const Picture &picture, int width, int height);

} // namespace skip::data
