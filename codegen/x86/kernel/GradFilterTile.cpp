// Which gradients of a filter are in registers at a time.
//
// For each pixel a tile loads a vector of dy for each of its output blocks and each of its scalars of x once, and multiplies
// all by all. Cores start two multiplications and two loads a cycle, and a sum can take its next term after four; a tile's time
// is the longest of the three. Of the fastest the largest is taken, which reads dy and x the least often.
#include "codegen/x86/kernel/GradFilter.h"
#include "codegen/x86/kernel/Lanes.h"

#include <algorithm>

using namespace skip;
using namespace skip::kernel;

static constexpr int64_t kUnits = 24;   // enough to keep some threads busy
static constexpr int64_t kPixels = 128; // of a chunk, at least half of them: they stay in the first-level cache
static constexpr int64_t kMostBlocks = 4, kMostRows = 4;

int64_t GradFilterSpec::scalarsOfRow() const { return kernelWidth * (planarInput ? 1 : kLanes); }

/// Multiplications a cycle, of two; 0 where sums, the vectors of dy and one of x have no registers.
static double speedOf(const GradFilterTile &tile, SkipIsa isa) {
  int64_t registers = isa == SKIP_ISA_AVX512 ? 32 : 16, halves = isa == SKIP_ISA_AVX512 ? 1 : 2; // of a vector
  int64_t scalars = tile.rows * tile.scalars, sums = halves * tile.blocks * scalars;
  if (sums + halves * tile.blocks + 1 > registers)
    return 0;
  double cycles = std::max({double(sums) / 2, double(halves * tile.blocks + scalars) / 2, 4.0});
  return double(sums) / cycles;
}

/// As many tiles of a filter block as leave enough units.
static int64_t tilesTogether(const GradFilterSpec &spec, int64_t unitsOfOne) {
  int64_t tiles = spec.tiles(), together = tiles;
  while (together > 1 && (tiles % together != 0 || unitsOfOne * (tiles / together) < kUnits))
    --together;
  return together;
}

GradFilterTile kernel::gradFilterTile(const GradFilterSpec &spec, int64_t outBlocks, int64_t inBlocks, SkipIsa isa) {
  GradFilterSpec best = spec;
  best.tile = {};
  double bestSpeed = 0;
  auto sizeOf = [](const GradFilterTile &tile) { return tile.blocks * tile.rows * tile.scalars; };
  for (int64_t blocks = 1; blocks <= kMostBlocks; ++blocks)
    for (int64_t rows = 1; rows <= kMostRows; ++rows)
      for (int64_t scalars = 1; scalars <= spec.scalarsOfRow(); ++scalars) {
        if (outBlocks % blocks || spec.kernelHeight % rows || spec.scalarsOfRow() % scalars)
          continue;
        GradFilterTile tile{blocks, rows, scalars, 1};
        double speed = speedOf(tile, isa);
        if (speed > bestSpeed || (speed > 0 && speed == bestSpeed && sizeOf(tile) > sizeOf(best.tile))) {
          best.tile = tile;
          bestSpeed = speed;
        }
      }
  best.tile.together = tilesTogether(best, outBlocks / best.tile.blocks * inBlocks);
  return best.tile;
}

GradFilterChunk kernel::gradFilterChunk(int64_t rows, int64_t columns) {
  if (rows * columns < kPixels)
    return {kPixels / (rows * columns), rows};
  return {1, std::clamp<int64_t>(kPixels / columns, 1, rows)};
}
