// Counts multiply-adds and memory traffic.
//
// A direct convolution runs near the peak: its cost is its multiply-adds. F(m x m, 3 x 3) needs (m + 2)^2 / (9 m^2) of them, on
// tiles that may reach beyond the picture, in groups that may reach beyond the last tile; to this come the transforms: of the
// input and back, which are vector additions and memory traffic, and of the filters, once for each group. So large groups are
// better as long as they are full and enough of them remain for the cores to share. Of stride 2, F(m x m) of the four phases
// needs (2 m + 1)^2 products (codegen/x86/kernel/WinogradPhasedProducts.cpp).
//
// The constants were fitted to the kernels' times on a Zen 5 (docs/performance.md).
#include "ir/plan/x86/Algorithms.h"

#include "ir/plan/WinogradLayout.h"
#include "ir/plan/x86/Schedule.h"

#include <algorithm>
#include <initializer_list>

using namespace skip;
using namespace skip::plan;

static constexpr double winogradEfficiency = 0.82;    // of its products
static constexpr double phasedEfficiency = 0.9;       // of the same by phases, whose sums are longer
static constexpr double multiplyAddsPerTransform = 9; // an element of a transformed window or sum costs so many multiply-adds
static constexpr double multiplyAddsPerFilter = 2.2;  // the same for an element of a transformed filter
static constexpr double demandedGain = 1.15;          // below this the prediction is no better than a guess
static constexpr double eightPointsPremium = 1.1;     // less is not worth the rounding errors of eight points
static constexpr double fusedShare = 0.5;             // of the input's transform, which costs less where it stays in the cache
static constexpr int64_t fusedFloats = 80 * 1024;     // of a group's windows, to stay in the second-level cache
static constexpr int64_t filterFloats = 129 * 16;     // of one position's filters, at most
static constexpr int64_t demandedUnits = 4;           // of work, of two output blocks each

static int64_t roundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

static int64_t tilesOf(const Conv3x3Shape &shape, int64_t tile) {
  return shape.images * ((shape.outHeight + tile - 1) / tile) * ((shape.outWidth + tile - 1) / tile);
}

namespace {
/// What F(m x m) takes for each tile and pair of channels, and how many elements it transforms.
struct Work {
  double products, filters; // for each pair; filters: once for each group
  double windows, sums;     // positions, for each input and output channel
};
} // namespace

static Work workOf(const Conv3x3Shape &shape, int64_t tile) {
  WinogradTaps taps{3, shape.stride};
  double points = double(taps.points(tile)), squared = points * points;
  if (shape.stride == 1)
    return {squared, squared, squared, squared};
  return {double(winogradTileProducts(taps, shape.inChannels, tile)), squared + 2 * points, 4 * squared, squared};
}

double plan::predictedCost(const Conv3x3Shape &shape, const Algorithm &algorithm) {
  double inChannels = double(roundUp(shape.inChannels, 16)), outChannels = double(roundUp(shape.outChannels, 16));
  double pairs = inChannels * outChannels;
  if (algorithm.tile == 0) {
    double outputs = double(shape.images * shape.outHeight * shape.outWidth);
    return outputs * 9 * pairs / kDirectEfficiency;
  }
  Work work = workOf(shape, algorithm.tile);
  double tiles = double(roundUp(tilesOf(shape, algorithm.tile), algorithm.group)), groups = tiles / double(algorithm.group);
  double elements = work.windows * inChannels * (algorithm.fused ? fusedShare : 1) + work.sums * outChannels;
  double cost = tiles * work.products * pairs / (shape.stride == 1 ? winogradEfficiency : phasedEfficiency) +
                groups * work.filters * pairs * multiplyAddsPerFilter + tiles * elements * multiplyAddsPerTransform;
  if (WinogradTaps{3, shape.stride}.points(algorithm.tile) == 8)
    cost *= eightPointsPremium;
  // A unit is a group: what does not divide evenly leaves cores idle.
  return algorithm.fused ? cost * double(roundUp(int64_t(groups), demandedUnits)) / groups : cost;
}

bool plan::scratchFits(int64_t fusedBlocks, int64_t points, int64_t group) {
  int64_t windows = fusedBlocks * points * points * winogradPositionVectors(group) * 16;
  int64_t sums = points * points * ((winogradMaxOcBlocks * group) | 1) * 16, filters = points * filterFloats;
  return windows <= fusedFloats && windows + sums + filters <= kMostScratchFloats;
}

bool plan::isWorthwhile(const Conv3x3Shape &shape, const Algorithm &algorithm) {
  int64_t groups = (tilesOf(shape, algorithm.tile) + algorithm.group - 1) / algorithm.group;
  int64_t points = WinogradTaps{3, shape.stride}.points(algorithm.tile);
  if (!scratchFits(algorithm.fused ? roundUp(shape.inChannels, 16) / 16 : 0, points, algorithm.group))
    return false;
  if (algorithm.fused)
    return groups >= demandedUnits;
  return algorithm.group <= 16 || groups * ((shape.outChannels + 31) / 32) >= demandedUnits;
}

static std::vector<Algorithm> listCandidates(int64_t stride) {
  std::vector<Algorithm> candidates;
  std::vector<int64_t> tiles = stride == 1 ? std::vector<int64_t>{4, 5, 6, 2} : std::vector<int64_t>{7, 5, 4};
  for (int64_t tile : tiles)
    for (int64_t group : {49, 36, 32, 28, 25, 18, 16, 14, 12, 9, 8, 7, 4, 1})
      for (bool fused : {false, true})
        if (stride == 1 ? group > 1 : !fused) // F(7) of stride 2 covers a picture of 7 x 7
          candidates.push_back({tile, group, fused});
  return candidates;
}

const std::vector<Algorithm> &plan::winogradCandidates(int64_t stride) {
  static const std::vector<Algorithm> once = listCandidates(1), twice = listCandidates(2);
  return stride == 1 ? once : twice;
}

Algorithm plan::chooseAlgorithm(const Conv3x3Shape &shape, int64_t mostPoints) {
  Algorithm best;
  double least = predictedCost(shape, best) / demandedGain;
  for (const Algorithm &candidate : winogradCandidates(shape.stride)) {
    double cost = predictedCost(shape, candidate);
    bool isAllowed = WinogradTaps{3, shape.stride}.points(candidate.tile) <= mostPoints;
    if (isAllowed && cost < least && isWorthwhile(shape, candidate)) {
      least = cost;
      best = candidate;
    }
  }
  return best;
}

static constexpr double multiplyAddsPerStemSum = 8; // a sum transformed back, epilogue and all

double plan::predictedCost(const StemShape &shape, const Algorithm &algorithm) {
  double channels = double(roundUp(shape.outChannels, 16)), images = double(shape.images);
  if (algorithm.tile == 0)
    return images * double(shape.outHeight * shape.outWidth * shape.kernel * shape.kernel * shape.inChannels) * channels /
           kDirectEfficiency;
  int64_t across = (shape.outWidth + algorithm.tile - 1) / algorithm.tile;
  int64_t down = (shape.outHeight + algorithm.tile - 1) / algorithm.tile;
  WinogradTaps taps{shape.kernel, 2};
  double tiles = double(roundUp(shape.images * across * down, algorithm.group)), groups = tiles / double(algorithm.group);
  double points = double(taps.points(algorithm.tile) * taps.points(algorithm.tile)), phases = double(4 * shape.inChannels);
  double cost = tiles * points * channels * (phases / winogradEfficiency + multiplyAddsPerStemSum) +
                tiles * points * 16 * multiplyAddsPerTransform * fusedShare +
                groups * points * phases * channels * multiplyAddsPerFilter;
  return cost * double(roundUp(int64_t(groups), demandedUnits)) / groups;
}

std::vector<Algorithm> plan::stemCandidates(int64_t kernel) {
  std::vector<Algorithm> candidates;
  for (int64_t points : {8, 6})
    for (int64_t group : {28, 25, 16, 14, 12, 8, 7, 4})
      candidates.push_back({points + 1 - WinogradTaps{kernel, 2}.count(), group, /*fused=*/true});
  return candidates;
}

Algorithm plan::chooseStemAlgorithm(const StemShape &shape, int64_t mostPoints) {
  Algorithm best;
  double least = predictedCost(shape, best) / demandedGain;
  for (const Algorithm &candidate : stemCandidates(shape.kernel))
    if (double cost = predictedCost(shape, candidate);
        cost < least && WinogradTaps{shape.kernel, 2}.points(candidate.tile) <= mostPoints) {
      least = cost;
      best = candidate;
    }
  return best;
}
