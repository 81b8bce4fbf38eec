// Which gradients of a filter are in registers at a time, and which are a unit's.
//
// For each pixel a tile loads a vector of dy for each of its output blocks and each of its scalars of x once, and multiplies
// all by all. Cores start two multiplications and two loads a cycle, and a sum can take its next term after four; a tile's time
// is the longest of the three. Of the fastest the largest is taken, which reads dy and x the least often.
//
// A unit goes through all images, which are in no cache: few units read them less often, many keep more threads busy. It is
// chosen by the time that two and four threads would take.
#include "codegen/x86/kernel/GradFilter.h"
#include "codegen/x86/kernel/Lanes.h"

#include <algorithm>

using namespace skip;
using namespace skip::kernel;

static constexpr int64_t kNearVectors = 512; // that the first-level cache holds
static constexpr int64_t kLeastPixels = 32, kMostPixels = 128;
static constexpr int64_t kMostBlocks = 4, kMostRows = 4;
static constexpr int64_t kMostVectors = 4096; // of a unit's gradients: they stay in the second-level cache
static constexpr double kFloatsPerCycle = 2;  // that a thread gets from memory
static constexpr int64_t kThreads[] = {2, 4};

int64_t GradFilterSpec::scalarsOfRow() const { return kernelWidth * (planarInput ? 1 : kLanes); }

/// Of a pixel.
static double cyclesOf(const GradFilterTile &tile, SkipIsa isa) {
  int64_t halves = isa == SKIP_ISA_AVX512 ? 1 : 2, scalars = tile.rows * tile.scalars; // halves: registers of a vector
  return std::max({double(halves * tile.blocks * scalars) / 2, double(halves * tile.blocks + scalars) / 2, 4.0});
}

/// Sums, the vectors of dy and one of x have registers.
static bool fitsRegisters(const GradFilterTile &tile, SkipIsa isa) {
  int64_t halves = isa == SKIP_ISA_AVX512 ? 1 : 2, registers = isa == SKIP_ISA_AVX512 ? 32 : 16;
  return halves * tile.blocks * (tile.rows * tile.scalars + 1) + 1 <= registers;
}

static int64_t vectorsOf(const GradFilterTile &tile) { return tile.blocks * tile.rows * tile.scalars; }

/// Of `outBlocks` blocks and a window of so many rows of `scalarsOfRow` scalars.
static GradFilterTile chooseTile(int64_t outBlocks, int64_t kernelRows, int64_t scalarsOfRow, SkipIsa isa) {
  GradFilterTile best;
  auto isBetter = [&](const GradFilterTile &tile) {
    double cycles = cyclesOf(tile, isa) / double(vectorsOf(tile)), least = cyclesOf(best, isa) / double(vectorsOf(best));
    return cycles < least || (cycles == least && vectorsOf(tile) > vectorsOf(best));
  };
  for (int64_t blocks = 1; blocks <= kMostBlocks; ++blocks)
    for (int64_t rows = 1; rows <= kMostRows; ++rows)
      for (int64_t scalars = 1; scalars <= scalarsOfRow; ++scalars) {
        GradFilterTile tile{blocks, rows, scalars};
        bool covers = outBlocks % blocks == 0 && kernelRows % rows == 0 && scalarsOfRow % scalars == 0;
        if (covers && fitsRegisters(tile, isa) && isBetter(tile))
          best = tile;
      }
  return best;
}

/// Cycles for a pixel of dy of each image, all units together.
static double cyclesOf(const GradFilterSpec &spec, const GradFilterUnit &unit, int64_t units, SkipIsa isa) {
  int64_t tiles = unit.outBlocks / spec.tile.blocks * unit.inBlocks * unit.tiles;
  int64_t inFloats = unit.inBlocks * (spec.planarInput ? 1 : kLanes) * spec.stride * spec.stride;
  double ofUnit = double(tiles) * cyclesOf(spec.tile, isa) + double(unit.outBlocks * kLanes + inFloats) / kFloatsPerCycle;
  double sum = 0;
  for (int64_t threads : kThreads)
    sum += double((units + threads - 1) / threads) * ofUnit;
  return sum;
}

static GradFilterUnit chooseUnit(const GradFilterSpec &spec, int64_t outBlocks, int64_t inBlocks, SkipIsa isa) {
  GradFilterUnit best;
  double least = 0;
  auto consider = [&](const GradFilterUnit &unit) {
    if (outBlocks % unit.outBlocks || inBlocks % unit.inBlocks || spec.tiles() % unit.tiles)
      return;
    int64_t units = outBlocks / unit.outBlocks * (inBlocks / unit.inBlocks) * (spec.tiles() / unit.tiles);
    double cycles = cyclesOf(spec, unit, units, isa);
    if (least == 0 || cycles < least) {
      best = unit;
      least = cycles;
    }
  };
  for (int64_t tiles = 1; tiles <= spec.tiles(); ++tiles)
    consider({spec.tile.blocks, 1, tiles});
  int64_t vectorsOfPair = spec.kernelHeight * spec.scalarsOfRow();
  for (int64_t out = spec.tile.blocks; out * vectorsOfPair <= kMostVectors; out += spec.tile.blocks)
    for (int64_t in = 1; in <= inBlocks && out * in * vectorsOfPair <= kMostVectors; ++in)
      consider({out, in, spec.tiles()});
  return best;
}

/// As many as stay in the first-level cache: all tiles of a unit read them.
static int64_t pixelsOf(const GradFilterSpec &spec) {
  int64_t vectors = spec.unit.outBlocks + spec.unit.inBlocks * spec.stride * spec.stride / (spec.planarInput ? kLanes : 1);
  return std::clamp<int64_t>(kNearVectors / vectors, kLeastPixels, kMostPixels);
}

void kernel::chooseGradFilterTile(GradFilterSpec &spec, int64_t outBlocks, int64_t inBlocks, SkipIsa isa) {
  spec.tile = chooseTile(outBlocks, spec.kernelHeight, spec.scalarsOfRow(), isa);
  spec.unit = chooseUnit(spec, outBlocks, inBlocks, isa);
  spec.unit.pixels = pixelsOf(spec);
}

void kernel::chooseWinogradGradFilterTile(WinogradGradFilterSpec &spec, SkipIsa isa) {
  GradFilterTile tile = chooseTile(spec.outBlocks, 1, kLanes, isa);
  spec.sumBlocks = tile.blocks;
  spec.sumScalars = tile.scalars;
}
