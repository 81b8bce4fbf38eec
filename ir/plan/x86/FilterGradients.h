// How the gradient of a 3x3 filter should be computed: the cost model behind `plan-choose-algorithms`, and the units of
// Winograd's way (codegen/x86/kernel/WinogradGradFilter.cpp). Plain C++, no MLIR.
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

namespace skip::plan {

/// Of a 3x3 convolution of stride 1 over blocked channels; height and width are those of its output.
struct FilterGradientShape {
  int64_t outBlocks = 1, inBlocks = 1; // of 16 channels
  int64_t outHeight = 1, outWidth = 1;
  int64_t images = 1;

  auto operator<=>(const FilterGradientShape &) const = default;
};

/// F(3 x 3, tile x tile) with `group` tiles transformed at a time; tile 0 is the direct way. In `parts`, each of a part of the
/// images.
struct FilterGradientAlgorithm {
  int64_t tile = 0, group = 0, parts = 1;

  bool operator==(const FilterGradientAlgorithm &) const = default;
};

/// Blocks of channels whose gradients a unit sums. 0: there is no such unit, whose sums have no room.
struct FilterGradientUnit {
  int64_t outBlocks = 0, inBlocks = 0;

  bool operator==(const FilterGradientUnit &) const = default;
};

/// The unit of F(3 x 3, tile x tile) with groups of tiles: of those that divide the blocks the one that transforms the least.
FilterGradientUnit filterGradientUnit(int64_t outBlocks, int64_t inBlocks, int64_t tile, int64_t group);

/// The Winograd algorithms to choose from, in one part.
std::vector<FilterGradientAlgorithm> filterGradientCandidates();

/// Whether there is such an algorithm, and a unit of it for the shape.
bool isKnown(const FilterGradientAlgorithm &algorithm, const FilterGradientShape &shape);

/// The predicted time of all units together, and of adding the parts, in cycles of so many threads.
double predictedCycles(const FilterGradientShape &shape, const FilterGradientAlgorithm &algorithm, int64_t threads);

/// The least predicted, mean of two and four threads. The direct way has one part, and Winograd's must be predicted well ahead
/// of it; where the last block of output channels is not full, it has one too.
FilterGradientAlgorithm chooseFilterGradient(const FilterGradientShape &shape, bool outBlocksAreFull);

} // namespace skip::plan
