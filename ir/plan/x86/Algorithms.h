// Which algorithm a convolution should be computed by: the cost model behind `plan-choose-algorithms`. Plain C++, no MLIR.
#pragma once

#include <cstdint>
#include <vector>

namespace skip::plan {

/// A 3x3 convolution of stride 1 or 2 over blocked channels; sizes are those of one image's output.
struct Conv3x3Shape {
  int64_t inChannels = 1, outChannels = 1;
  int64_t outHeight = 1, outWidth = 1;
  int64_t images = 1;
  int64_t stride = 1;
};

/// A k x k convolution of stride 2 over a planar picture of few channels (codegen/x86/kernel/Winograd.h); k is 5 or 7.
struct StemShape {
  int64_t kernel = 7, inChannels = 3, outChannels = 1;
  int64_t outHeight = 1, outWidth = 1;
  int64_t images = 1;
};

/// F(tile x tile, r x r) with tiles taken in groups; tile 0 is the direct convolution. Fused, the convolution's kernel
/// transforms its input itself, for all output channels of a group, so that the windows stay in the cache.
struct Algorithm {
  int64_t tile = 0, group = 0;
  bool fused = false;

  bool operator==(const Algorithm &) const = default;
};

/// The Winograd algorithms to choose from for 3x3 convolutions of a stride.
const std::vector<Algorithm> &winogradCandidates(int64_t stride);

/// The same for stems of a kernel's size.
std::vector<Algorithm> stemCandidates(int64_t kernel);

/// What a direct convolution reaches of the peak.
inline constexpr double kDirectEfficiency = 0.93;

/// The predicted time of `algorithm`, in multiply-adds at the peak rate of one core.
double predictedCost(const Conv3x3Shape &shape, const Algorithm &algorithm);
double predictedCost(const StemShape &shape, const Algorithm &algorithm);

/// Whether what a kernel holds on its thread's stack has room there, for groups of so many tiles and `points` positions along
/// an axis: sums, filters, and where it is fused the transformed windows of `fusedBlocks` blocks of channels.
bool scratchFits(int64_t fusedBlocks, int64_t points, int64_t group);

/// Whether the prediction can be trusted: the windows fit the caches, and there is work for several cores.
bool isWorthwhile(const Conv3x3Shape &shape, const Algorithm &algorithm);

/// The algorithm with the least predicted cost, of those whose windows have at most `mostPoints` positions along an axis.
/// Winograd must be predicted well ahead of the direct convolution to be chosen.
Algorithm chooseAlgorithm(const Conv3x3Shape &shape, int64_t mostPoints);

/// The same for a stem.
Algorithm chooseStemAlgorithm(const StemShape &shape, int64_t mostPoints);

} // namespace skip::plan
