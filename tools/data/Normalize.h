// From pictures to the tensors that models take.
#pragma once

#include "tools/data/Picture.h"

namespace skip::data {

/// Writes the first `channels` of `picture` to `out` as planes, [channels, height, width]: ((float)v / 255 - mean[c]) / std[c],
/// each step in float32.
void toNchwFloat(const Picture &picture, const float mean[3], const float std[3], float *out, int channels = 3);

} // namespace skip::data
