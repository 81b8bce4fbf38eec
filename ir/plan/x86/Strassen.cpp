// A unit's sums must not cost what its seven products save. Sums of the input serve all output channels of a unit, those of
// weights all its pixels: 14 rows of 14 pixels by 128 channels, of 256 input channels, add one part in 30 to the products,
// of which an eighth is saved.
#include "ir/plan/x86/Strassen.h"

#include <algorithm>
#include <numeric>

using namespace skip;
using namespace skip::plan;

static constexpr int64_t kMostChunkBlocks = 16;  // of input channels
static constexpr int64_t kMostCopiedBlocks = 8;  // where all of a tile's input is copied
static constexpr int64_t kFewestColumns = 4;     // each quarter of a loop makes sums of one
static constexpr int64_t kMostPixels = 256;      // of a unit
static constexpr int64_t kDemandedUnits = 4;     // of work, at least, and an even number: two cores share them
static constexpr double kSumMultiplyAdds = 2.25; // of a vector of sums: an addition and a store

StrassenScratch plan::strassenScratch(const ConvSchedule &s, const StrassenUnit &unit) {
  int64_t half = unit.chunkBlocks / 2;
  bool isReadOnce = s.unitBlocks == 2 * s.ocBlocks; // a tile's sums, where a unit has but one stage: two places suffice
  StrassenScratch scratch;
  scratch.kinds = unit.strided ? 7 : 4;
  scratch.ringTiles = isReadOnce ? 2 : unit.tiles + 1;
  scratch.pixelFloats = (half * s.columns + 1) * 16;
  scratch.weightFloats = (half * s.ocBlocks * 16 + 1) * 16;
  scratch.heldFloats = 3 * s.ocBlocks * s.columns * 16;
  scratch.partialFloats = unit.chunks > 1 ? s.unitBlocks * unit.tiles * 2 * s.columns * 16 : 0;
  return scratch;
}

static bool isOfPoints(const ConvShape &shape) {
  auto isPoint = [](const RootShape &root) { return root.kernelHeight == 1 && root.kernelWidth == 1 && !root.planar; };
  return !shape.imagesAreColumns && !shape.roots.empty() && std::all_of(shape.roots.begin(), shape.roots.end(), isPoint);
}

static bool isStrided(const ConvShape &shape) {
  return std::any_of(shape.roots.begin(), shape.roots.end(), [](const RootShape &root) { return root.stride > 1; });
}

/// Every root's channels come in whole chunks of so many blocks.
static int64_t chunkBlocksOf(const ConvShape &shape) {
  int64_t blocks = isStrided(shape) ? kMostCopiedBlocks : kMostChunkBlocks;
  for (const RootShape &root : shape.roots)
    blocks = std::gcd(blocks, root.inBlocks);
  return blocks;
}

int64_t plan::strassenHalfBlocks(const ConvShape &shape) {
  int64_t blocks = isOfPoints(shape) ? chunkBlocksOf(shape) : 1;
  return blocks % 2 == 0 ? blocks / 2 : 0;
}

StrassenUnit plan::strassenUnit(const ConvSchedule &schedule, const ConvShape &shape) {
  StrassenUnit unit;
  unit.strided = isStrided(shape);
  unit.tiles = schedule.rows / 2 * (shape.outWidth / schedule.columns);
  unit.chunkBlocks = chunkBlocksOf(shape);
  for (const RootShape &root : shape.roots)
    unit.chunks += root.inBlocks / unit.chunkBlocks;
  return unit;
}

bool plan::isLegalStrassen(const ConvSchedule &s, const ConvShape &shape, SkipIsa isa) {
  if (shape.exact || !isOfPoints(shape) || !s.tails.empty() || s.ocBlocks < 1 || s.columns < kFewestColumns || s.rows < 2)
    return false;
  bool rowsFit = s.rows % 2 == 0 && s.rows <= shape.outHeight && shape.outHeight % s.rows % 2 == 0;
  bool columnsFit = shape.outWidth % s.columns == 0 && s.rows * shape.outWidth <= kMostPixels;
  bool blocksFit = s.unitBlocks % (2 * s.ocBlocks) == 0 && shape.ocBlocks % s.unitBlocks == 0;
  if (!rowsFit || !columnsFit || !blocksFit || !fitsRegisters({s.ocBlocks, 1, s.columns, {}}, isa))
    return false;
  StrassenUnit unit = strassenUnit(s, shape);
  return unit.chunkBlocks % 2 == 0 && strassenScratch(s, unit).floats() <= kMostScratchFloats;
}

double plan::predictedStrassenEfficiency(const ConvSchedule &s, const ConvShape &shape, SkipIsa isa) {
  StrassenUnit unit = strassenUnit(s, shape);
  double channels = double(16 * unit.chunks * unit.chunkBlocks), blocks = double(shape.ocBlocks);
  double pixels = double(shape.outHeight * shape.outWidth);
  ConvShape quarter = shape; // one product of one chunk
  quarter.inChannels = 8 * unit.chunkBlocks;
  double products =
      kStrassenShare * pixels * channels * blocks / predictedEfficiency({s.ocBlocks, 1, s.columns, {}}, quarter, isa);
  double ofInput = pixels * channels / 16 * (blocks / double(s.unitBlocks)) * (unit.strided ? 7.0 / 4 : 1);
  double rowUnits = double((shape.outHeight + s.rows - 1) / s.rows);
  bool keepsWeights = unit.chunks == 1 && s.unitBlocks == 2 * s.ocBlocks && s.unitBlocks == shape.ocBlocks;
  double ofWeights = keepsWeights ? 0 : rowUnits * channels * blocks;
  return pixels * channels * blocks / (products + kSumMultiplyAdds * (ofInput + ofWeights));
}

std::vector<ConvSchedule> plan::strassenSchedules(const ConvShape &shape, SkipIsa isa) {
  std::vector<ConvSchedule> schedules;
  if (!isOfPoints(shape) || isa != SKIP_ISA_AVX512)
    return schedules;
  for (int64_t blocks = 1; 2 * blocks <= std::min(shape.ocBlocks, 2 * shape.maxOcBlocks); ++blocks)
    for (int64_t columns = shape.outWidth; columns >= kFewestColumns; --columns)
      for (int64_t rows = shape.outHeight / 2 * 2; rows >= 2; rows -= 2)
        for (int64_t unitBlocks = 2 * blocks; unitBlocks <= shape.ocBlocks; unitBlocks *= 2) {
          ConvSchedule schedule{blocks, rows, columns, {}, unitBlocks};
          int64_t units = shape.images * (shape.outHeight / rows) * (shape.ocBlocks / unitBlocks);
          bool sharesOut = shape.outHeight % rows == 0 && units >= kDemandedUnits && units % 2 == 0;
          if (sharesOut && isLegalStrassen(schedule, shape, isa))
            schedules.push_back(schedule);
        }
  return schedules;
}
