// Counts multiply-adds and memory traffic.
//
// A direct convolution runs near the peak: its cost is its multiply-adds. F(m x m, 3 x 3) needs (m + 2)^2 / (9 m^2) of them, on
// tiles that may reach beyond the picture, in groups that may reach beyond the last tile; to this come the transforms, which
// are vector additions and memory traffic, and (m + 2)^2 / 9 times the weights, which every run reads from memory once.
//
// The constants are guesses of ratios between rates, kept because measured networks did not improve on them: 30 instead of 6
// for a weight makes ResNet-18's last convolutions direct and leaves its time as it was (docs/performance.md).
#include "ir/plan/Algorithms.h"

#include <algorithm>
#include <initializer_list>

using namespace skip;
using namespace skip::plan;

static constexpr double directEfficiency = 0.9;
static constexpr double multiplyAddsPerWeight = 6;    // a weight read from memory costs as much as so many multiply-adds
static constexpr double multiplyAddsPerTransform = 5; // the same for an element of a transformed window or sum
static constexpr double demandedGain = 1.15;          // below this the prediction is no better than a guess

/// How near to the peak the multiplication of groups comes: register tiles of 28 accumulators do best.
static double groupEfficiency(int64_t group) {
  switch (group) {
  case 14:
    return 0.9;
  case 16:
  case 12:
  case 7:
    return 0.85;
  default:
    return 0.75;
  }
}

static int64_t roundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

static int64_t tilesOf(const Conv3x3Shape &shape, int64_t tile) {
  return shape.images * ((shape.outHeight + tile - 1) / tile) * ((shape.outWidth + tile - 1) / tile);
}

double plan::predictedCost(const Conv3x3Shape &shape, const Algorithm &algorithm) {
  double pairs = double(roundUp(shape.inChannels, 16)) * double(roundUp(shape.outChannels, 16));
  double channels = double(roundUp(shape.inChannels, 16) + roundUp(shape.outChannels, 16));
  if (algorithm.tile == 0) {
    double outputs = double(shape.images * shape.outHeight * shape.outWidth);
    return outputs * 9 * pairs / directEfficiency + 9 * pairs * multiplyAddsPerWeight;
  }
  double points = double((algorithm.tile + 2) * (algorithm.tile + 2));
  double tiles = double(roundUp(tilesOf(shape, algorithm.tile), algorithm.group));
  return tiles * points * pairs / groupEfficiency(algorithm.group) + tiles * points * channels * multiplyAddsPerTransform +
         points * pairs * multiplyAddsPerWeight;
}

Algorithm plan::chooseAlgorithm(const Conv3x3Shape &shape) {
  Algorithm best;
  double least = predictedCost(shape, best) / demandedGain;
  for (int64_t tile : {4, 2})
    for (int64_t group : {14, 16, 12, 8, 7, 4}) {
      Algorithm candidate{tile, group};
      if (double cost = predictedCost(shape, candidate); cost < least) {
        least = cost;
        best = candidate;
      }
    }
  return best;
}
