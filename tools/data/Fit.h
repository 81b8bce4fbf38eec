// Pictures at the size of a model's input.
#pragma once

#include "tools/data/Picture.h"

namespace skip::data {

/// What a model's input declares of pictures: docs/preprocessing.md.
struct Fit {
  int height = 0, width = 0;
  int resize = 0;     ///< of the shorter side, or 0
  bool crops = false; ///< or scales to the input's size
  bool asIs = false;  ///< pictures must have the input's size
};

/// The picture at the input's size; nothing, with a message, where that is impossible.
std::optional<Picture> fitPicture(const Picture &picture, const Fit &fit, std::string &error);

} // namespace skip::data
