// The sizes of a convolution.
#pragma once

#include <compare>
#include <cstdint>

namespace skip::graph {

/// Of a linear layer the kernel is the picture that it flattens, and the output one pixel.
struct ContractionSizes {
  bool isLinear = false;
  int64_t kernelHeight = 1, kernelWidth = 1;
  int64_t stride = 1, padding = 0;
  int64_t inChannels = 1, outChannels = 1;
  int64_t outHeight = 1, outWidth = 1;

  /// Of conv2d_general, which nothing computes that has not asked for these: `stride` is that of rows, `padding` what lies
  /// above and `inChannels` are those of a group.
  bool isGeneral = false;
  int64_t groups = 1, strideColumns = 1, dilationRows = 1, dilationColumns = 1, paddingLeft = 0;

  auto operator<=>(const ContractionSizes &) const = default;
};

} // namespace skip::graph
