// Counts the cycles of a core with two vector multiplications a cycle.
//
// The direct way multiplies 9 times for each pixel and pair of channels. F(3 x 3, m x m) multiplies (m + 2)^2 times for each
// tile of m x m pixels: of m = 4 a quarter. To this come the transforms of a block of x and of dy, of each tile once for each
// unit that reads it: a unit of 2 x 2 blocks makes each twice as often as it must for 64 channels, one of 1 x 1 four times. And
// the sums, which a group's products are added to: they are the smaller a share, the more tiles a group has. Sums and a group's
// transformed tiles share the thread's stack, so large units have small groups:
//
//   m = 4, cycles for a tile and pair of blocks    products  sums  transforms   all
//   unit 1 x 1, groups of 32                            395    28         612  1035
//   unit 2 x 2, groups of 32                            395    28         306   729
//   unit 2 x 4, groups of 12                            395    75         230   700
//   direct, 16 pixels                                                          1690
//
// The constants were fitted to the kernels' times on a Sapphire Rapids with AVX-512 (WinogradGradFilter.cpp has them).
//
// A layer of few channels has few units, one where it has 16 of each. So it is computed in parts, each of a part of the images.
#include "ir/plan/x86/FilterGradients.h"

#include "ir/plan/WinogradLayout.h"
#include "ir/plan/x86/Schedule.h"

#include <algorithm>

using namespace skip;
using namespace skip::plan;

static constexpr int64_t kLanes = 16, kTaps = 3;
static constexpr double kDirectEfficiency = 0.68, kWinogradEfficiency = 0.73; // of their products
static constexpr double kSumCycles = 25;        // of 16 vectors, read and written for each group and position
static constexpr double kTransformCycles = 8.5; // of an element of a transformed tile, x or dy
static constexpr double kUnitCycles = 100;      // of a vector of a position, cleared and transformed back
static constexpr double kPartCycles = 0.25;     // of a float of a part, written and added
static constexpr double kBarrierCycles = 5000;  // of the step that adds
static constexpr double kDemandedGain = 1.15;   // below this the prediction is no better than a guess
static constexpr int64_t kThreads[] = {2, 4};
static constexpr int64_t kParts[] = {1, 2, 3, 4, 6, 8, 12, 16};

static int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

static int64_t positionsOf(int64_t tile) { return (tile + kTaps - 1) * (tile + kTaps - 1); }

/// What a unit holds on the stack: sums, a group's transformed tiles of each of its blocks, and half of a transform.
static bool hasRoom(const FilterGradientUnit &unit, int64_t tile, int64_t group) {
  int64_t vectors = unit.outBlocks * unit.inBlocks * kLanes + (unit.outBlocks + unit.inBlocks) * winogradPositionVectors(group);
  return (vectors + 3) * positionsOf(tile) * kLanes <= kMostScratchFloats;
}

/// Transformed blocks for each pair of blocks.
static double transformsOf(const FilterGradientUnit &unit) {
  return double(unit.outBlocks + unit.inBlocks) / double(unit.outBlocks * unit.inBlocks);
}

FilterGradientUnit plan::filterGradientUnit(int64_t outBlocks, int64_t inBlocks, int64_t tile, int64_t group) {
  constexpr int64_t most = 16; // no larger unit has room
  FilterGradientUnit best;
  for (int64_t out = 1; out <= std::min(outBlocks, most); ++out)
    for (int64_t in = 1; in <= std::min(inBlocks, most); ++in) {
      FilterGradientUnit unit{out, in};
      if (outBlocks % out || inBlocks % in || !hasRoom(unit, tile, group))
        continue;
      if (best.outBlocks == 0 || transformsOf(unit) < transformsOf(best))
        best = unit;
    }
  return best;
}

std::vector<FilterGradientAlgorithm> plan::filterGradientCandidates() {
  std::vector<FilterGradientAlgorithm> candidates;
  for (int64_t tile : {4, 3, 2})
    for (int64_t group : {32, 24, 16, 12, 8, 4})
      candidates.push_back({tile, group});
  return candidates;
}

static bool hasUnit(const FilterGradientAlgorithm &algorithm, const FilterGradientShape &shape) {
  return filterGradientUnit(shape.outBlocks, shape.inBlocks, algorithm.tile, algorithm.group).outBlocks > 0;
}

bool plan::isKnown(const FilterGradientAlgorithm &algorithm, const FilterGradientShape &shape) {
  std::vector<FilterGradientAlgorithm> candidates = filterGradientCandidates();
  return std::find(candidates.begin(), candidates.end(), FilterGradientAlgorithm{algorithm.tile, algorithm.group}) !=
             candidates.end() &&
         hasUnit(algorithm, shape);
}

double plan::predictedCycles(const FilterGradientShape &shape, const FilterGradientAlgorithm &algorithm, int64_t threads) {
  auto pairs = double(shape.outBlocks * shape.inBlocks), images = double(shape.images);
  if (algorithm.tile == 0)
    return images * double(shape.outHeight * shape.outWidth) * pairs * kLanes * kTaps * kTaps / 2 / kDirectEfficiency /
           double(threads);
  FilterGradientUnit unit = filterGradientUnit(shape.outBlocks, shape.inBlocks, algorithm.tile, algorithm.group);
  auto positions = double(positionsOf(algorithm.tile)), unitPairs = double(unit.outBlocks * unit.inBlocks);
  int64_t tiles = ceilDiv(shape.images, algorithm.parts) * ceilDiv(shape.outHeight, algorithm.tile) *
                  ceilDiv(shape.outWidth, algorithm.tile);
  double ofGroups = double(ceilDiv(tiles, algorithm.group)) * unitPairs * positions * kSumCycles;
  double ofTiles = double(tiles) * unitPairs * positions *
                   (double(kLanes) / 2 / kWinogradEfficiency + kTransformCycles * transformsOf(unit));
  double ofUnit = ofGroups + ofTiles + unitPairs * positions * kUnitCycles;
  int64_t units = int64_t(pairs / unitPairs) * algorithm.parts;
  double ofParts = algorithm.parts == 1 ? 0
                                        : kBarrierCycles + double(algorithm.parts) * pairs * kLanes * kLanes * kTaps * kTaps *
                                                               kPartCycles / double(threads);
  return double(ceilDiv(units, threads)) * ofUnit + ofParts;
}

static double meanCycles(const FilterGradientShape &shape, const FilterGradientAlgorithm &algorithm) {
  double sum = 0;
  for (int64_t threads : kThreads)
    sum += predictedCycles(shape, algorithm, threads) * double(threads);
  return sum / double(std::size(kThreads));
}

FilterGradientAlgorithm plan::chooseFilterGradient(const FilterGradientShape &shape, bool outBlocksAreFull) {
  FilterGradientAlgorithm best;
  double least = meanCycles(shape, best) / kDemandedGain;
  for (FilterGradientAlgorithm candidate : filterGradientCandidates())
    if (hasUnit(candidate, shape))
      for (int64_t parts : kParts) {
        candidate.parts = parts;
        if (parts > (outBlocksAreFull ? shape.images : 1))
          continue;
        if (double cycles = meanCycles(shape, candidate); cycles < least) {
          best = candidate;
          least = cycles;
        }
      }
  return best;
}
