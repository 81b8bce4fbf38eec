// Pictures at the size of a model's input.
#pragma once

#include "runtime/Abi.h"
#include "tools/data/Picture.h"

namespace skip::data {

/// What a model's input declares of pictures: docs/preprocessing.md.
struct Fit {
  int height = 0, width = 0;
  int resize = 0;                        ///< of the shorter side, or 0
  bool crops = false;                    ///< or scales to the input's size
  bool asIs = false;                     ///< pictures must have the input's size
  int resizeHeight = 0, resizeWidth = 0; ///< of the whole picture, or 0
  SkipFilter filter = SKIP_FILTER_BILINEAR;
  int channels = 3; ///< or 1, of grey
};

/// The same for the runtime, which then needs no Fit: mean 0 and deviation 1, to be set.
SkipPicture ruleOf(const Fit &fit);

/// False, with a message, if pictures of that size are refused because of `asIs`.
bool sizeFits(const Picture &picture, const Fit &fit, std::string &error);

/// The picture at the input's size, grey for one channel; nothing, with a message, where that is impossible.
std::optional<Picture> fitPicture(const Picture &picture, const Fit &fit, std::string &error);

} // namespace skip::data
