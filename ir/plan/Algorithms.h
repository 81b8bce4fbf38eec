// Which algorithm a convolution should be computed by: the cost model behind `plan-choose-algorithms`. Plain C++, no MLIR.
#pragma once

#include <cstdint>
#include <vector>

namespace skip::plan {

/// A 3x3 convolution of stride 1; sizes are those of one image's output.
struct Conv3x3Shape {
  int64_t inChannels = 1, outChannels = 1;
  int64_t outHeight = 1, outWidth = 1;
  int64_t images = 1;
};

/// A k x k convolution of stride 2 over a planar picture of few channels (codegen/kernel/Winograd.h); k is 5 or 7.
struct StemShape {
  int64_t kernel = 7, inChannels = 3, outChannels = 1;
  int64_t outHeight = 1, outWidth = 1;
  int64_t images = 1;
};

/// F(tile x tile, r x r) with tiles taken in groups; tile 0 is the direct convolution.
struct Algorithm {
  int64_t tile = 0, group = 0;

  bool operator==(const Algorithm &) const = default;
};

/// The Winograd algorithms to choose from.
std::vector<Algorithm> winogradCandidates();

/// The predicted time of `algorithm`, in multiply-adds at the peak rate of one core.
double predictedCost(const Conv3x3Shape &shape, const Algorithm &algorithm);

/// The algorithm with the least predicted cost. Winograd must be predicted well ahead of the direct convolution to be chosen.
Algorithm chooseAlgorithm(const Conv3x3Shape &shape);

/// The same for a stem.
Algorithm chooseStemAlgorithm(const StemShape &shape);

} // namespace skip::plan
