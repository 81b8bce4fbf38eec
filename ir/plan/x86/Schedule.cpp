// The register tiles of direct convolutions, and a small model of the core that ranks them.
//
// A step of the inner loop (one input channel of one filter tap) multiplies every vector of the tile once. Three things bound
// its cycles: two multiply-adds a cycle; two loads a cycle, one load for each pixel and one for each weight vector; the latency
// of the multiply-adds, since each waits for its accumulator's last; and the second-level cache, from which weights come, at 32
// bytes a cycle. A weight vector costs a little even where it is not the bound, and a tile costs something before its first
// step and after its last. Example, AVX-512, 2 x 1 x 14: 28 multiply-adds take 14 cycles, 16 loads take 8, so the tile runs at
// peak; 1 x 1 x 8 has 8 multiply-adds and 9 loads, and waits for both loads and latency (measured: 85 %). A schedule's
// efficiency is the peak's time over the sum for all tiles, tails and left-over rows. The constants were fitted on a Zen 5;
// only the ranking matters, and the tuner replaces it by measurements.
//
// A Winograd convolution also makes its filters: a vector for each position, channel and output block serves the tiles of one
// group, and costs multiplications of its own, fewer where it is not stored. Example, AVX-512, groups of 4 tiles of 6 x 6
// positions: 1 x 6 x 4 without stored filters is expected at 75 %, 2 x 1 x 4 at 58 % (measured on a Zen 4: 67 and 54 %).
#include "ir/plan/x86/Schedule.h"

#include "ir/plan/x86/Strassen.h"

#include <algorithm>

using namespace skip;
using namespace skip::plan;

namespace {

/// What the model knows of a core.
struct Core {
  int64_t registers;
  int64_t vectorsPerBlock; // machine vectors that hold 16 channels
};

struct Tile {
  int64_t ocBlocks, rows, columns;
};

} // namespace

static constexpr double kPerCycle = 2;         // multiply-adds, and loads
static constexpr double kLatency = 4.6;        // of a multiply-add, in practice
static constexpr double kWeightCycles = 0.05;  // of a weight vector, beyond its load
static constexpr double kBlockCycles = 2;      // of a block's 64 bytes of weights, to come from the second-level cache
static constexpr double kTileCycles = 20;      // of a tile, beyond its steps
static constexpr double kVectorCycles = 2;     // of an accumulator's way from the bias to the result
static constexpr double kStoredFilter = 2.2;   // multiply-adds that a transformed filter vector costs where it is stored
static constexpr double kPairedFilter = 1.6;   // the same where half of its transform is stored
static constexpr double kStreamedFilter = 1.3; // and where it stays in registers
static constexpr double kBodyCost = 0.0125;    // of one more copy of the inner loop, in parts of the run time
static constexpr int64_t kTapVectors = 3;      // of an output block, that are live where filters are made in registers
static constexpr int64_t kMaxColumns = 28;     // of a candidate
static constexpr int64_t kMaxImageColumns = 8; // of a candidate whose columns are images: each needs an address register
static constexpr int64_t kMaxRows = 4;         // of a candidate
static constexpr size_t kMaxCandidates = 12, kMaxStrassen = 6;
static constexpr int64_t kStrassenBodies = 3;
static constexpr double kWorthTrying = 0.8; // of the best candidate's efficiency

static Core coreOf(SkipIsa isa) { return isa == SKIP_ISA_AVX512 ? Core{32, 1} : Core{16, 2}; }

/// The accumulators and what a step holds besides: all weights and one input, or, with more blocks than pixels, all inputs and
/// one block's weights; weights that only one pixel uses stay in memory.
static int64_t registersOf(const ConvSchedule &s, const Core &core) {
  int64_t pixels = s.rows * s.columns, accumulators = s.ocBlocks * pixels * core.vectorsPerBlock;
  if (pixels == 1)
    return accumulators + 1;
  if (s.ocBlocks <= pixels)
    return accumulators + s.ocBlocks * core.vectorsPerBlock + 1;
  return accumulators + pixels + core.vectorsPerBlock;
}

static bool isSound(const ConvSchedule &s) {
  int64_t last = s.columns;
  for (int64_t tail : s.tails) {
    if (tail < 1 || tail >= last)
      return false;
    last = tail;
  }
  return s.ocBlocks >= 1 && s.rows >= 1 && s.columns >= 1;
}

bool plan::fitsRegisters(const ConvSchedule &schedule, SkipIsa isa) {
  return isSound(schedule) && registersOf(schedule, coreOf(isa)) <= coreOf(isa).registers;
}

bool plan::covers(const ConvSchedule &schedule, int64_t width) {
  int64_t rest = width % schedule.columns;
  for (int64_t tail : schedule.tails)
    if (tail <= rest)
      rest -= tail;
  return rest == 0;
}

/// Whether it is a Winograd convolution's that makes filters in registers.
static bool isStreamed(const ConvSchedule &schedule, const ConvShape &shape) {
  return shape.rowPositions > 0 && schedule.rows > 1;
}

/// Such a schedule holds two positions, or all of a row for the whole group.
static bool streamFits(const ConvSchedule &schedule, const ConvShape &shape, SkipIsa isa) {
  Core core = coreOf(isa);
  bool isPair = schedule.rows == 2 && shape.rowPositions >= 2;
  bool isWhole = schedule.rows == shape.rowPositions && schedule.columns == shape.outWidth && schedule.tails.empty();
  // Taps are of no more use once a pair of filters is made, but for the next pair of a row.
  int64_t filters = isPair ? 2 : 2 * schedule.ocBlocks + 1;
  int64_t vectors = schedule.rows * schedule.columns * schedule.ocBlocks + kTapVectors * schedule.ocBlocks + filters;
  return (isPair || isWhole) && vectors * core.vectorsPerBlock <= core.registers;
}

/// A linear layer may be run with fewer images than it was planned for.
static bool coversShape(const ConvSchedule &schedule, const ConvShape &shape) {
  int64_t narrowest = shape.imagesAreColumns ? 1 : shape.outWidth;
  for (int64_t width = narrowest; width <= shape.outWidth; ++width)
    if (!covers(schedule, width))
      return false;
  return true;
}

bool plan::isLegal(const ConvSchedule &schedule, const ConvShape &shape, SkipIsa isa) {
  if (schedule.ocBlocks < 1 || schedule.rows < 1 || schedule.columns < 1)
    return false;
  if (schedule.unitBlocks > 0)
    return isLegalStrassen(schedule, shape, isa);
  bool blocksFit = schedule.ocBlocks <= shape.maxOcBlocks && shape.ocBlocks % schedule.ocBlocks == 0;
  if (isStreamed(schedule, shape) && !streamFits(schedule, shape, isa))
    return false;
  return fitsRegisters(schedule, isa) && blocksFit && coversShape(schedule, shape);
}

static double stepCycles(const Tile &tile, const Core &core) {
  double weights = tile.ocBlocks * core.vectorsPerBlock, pixels = tile.rows * tile.columns;
  double bound =
      std::max({weights * pixels / kPerCycle, (weights + pixels) / kPerCycle, tile.ocBlocks * kBlockCycles, kLatency});
  return bound + kWeightCycles * weights;
}

static int64_t stepsOf(const ConvShape &shape) {
  int64_t channels = shape.planarInput ? shape.inChannels : (shape.inChannels + 15) / 16 * 16;
  return channels * shape.kernelHeight * shape.kernelWidth;
}

static double tileCycles(const Tile &tile, const ConvShape &shape, const Core &core) {
  int64_t vectors = tile.ocBlocks * tile.rows * tile.columns * core.vectorsPerBlock;
  return stepsOf(shape) * stepCycles(tile, core) + kTileCycles + kVectorCycles * vectors;
}

/// `rows` full rows of one unit.
static double stripCycles(const ConvSchedule &schedule, int64_t rows, const ConvShape &shape, const Core &core) {
  auto cost = [&](int64_t columns) { return tileCycles({schedule.ocBlocks, rows, columns}, shape, core); };
  int64_t rest = shape.outWidth % schedule.columns;
  double cycles = double(shape.outWidth / schedule.columns) * cost(schedule.columns);
  for (int64_t tail : schedule.tails)
    if (tail <= rest) {
      cycles += cost(tail);
      rest -= tail;
    }
  return cycles;
}

/// What the filters of one unit's position cost.
static double filterCycles(const ConvSchedule &schedule, const ConvShape &shape, const Core &core) {
  double each = !isStreamed(schedule, shape) ? kStoredFilter : schedule.rows == 2 ? kPairedFilter : kStreamedFilter;
  return stepsOf(shape) * double(schedule.ocBlocks * core.vectorsPerBlock) * each / kPerCycle;
}

/// All rows of the picture; the one row of a Winograd convolution is a position, of which some may be in registers.
static double productCycles(const ConvSchedule &schedule, const ConvShape &shape, const Core &core) {
  if (isStreamed(schedule, shape))
    return stripCycles(schedule, schedule.rows, shape, core) / double(schedule.rows);
  double cycles = double(shape.outHeight / schedule.rows) * stripCycles(schedule, schedule.rows, shape, core);
  if (int64_t rest = shape.outHeight % schedule.rows)
    cycles += double(rest) * stripCycles(schedule, 1, shape, core);
  return cycles;
}

double plan::predictedEfficiency(const ConvSchedule &schedule, const ConvShape &shape, SkipIsa isa) {
  if (schedule.unitBlocks > 0)
    return predictedStrassenEfficiency(schedule, shape, isa);
  Core core = coreOf(isa);
  double cycles = productCycles(schedule, shape, core);
  if (shape.rowPositions > 0)
    cycles += filterCycles(schedule, shape, core);
  double vectors = double(schedule.ocBlocks * core.vectorsPerBlock) * shape.outHeight * shape.outWidth;
  return stepsOf(shape) * vectors / kPerCycle / cycles;
}

/// What remains of the width as one tail; for images, of which any number may come, the powers of two.
static std::vector<int64_t> tailsFor(int64_t columns, const ConvShape &shape) {
  std::vector<int64_t> tails;
  if (shape.imagesAreColumns) {
    for (int64_t tail = 1; tail < columns; tail *= 2)
      tails.insert(tails.begin(), tail);
    return tails;
  }
  if (int64_t rest = shape.outWidth % columns)
    tails.push_back(rest);
  return tails;
}

/// Efficiency less the price of code: kernels that need fewer copies of the inner loop also serve more layers.
static double scoreOf(const ConvSchedule &schedule, const ConvShape &shape, SkipIsa isa) {
  int64_t remainders = isStreamed(schedule, shape) ? shape.rowPositions / 2 : schedule.rows > 1 ? 2 : 1; // each pair a body
  int64_t bodies = int64_t(1 + schedule.tails.size()) * remainders;
  return predictedEfficiency(schedule, shape, isa) * (1 - kBodyCost * bodies);
}

template <typename Visit> static void forEachTile(const ConvShape &shape, const Visit &visit) {
  int64_t maxColumns = std::min(shape.outWidth, shape.imagesAreColumns ? kMaxImageColumns : kMaxColumns);
  int64_t maxRows = std::min(shape.outHeight, kMaxRows), maxBlocks = std::min(shape.ocBlocks, shape.maxOcBlocks);
  for (int64_t blocks = 1; blocks <= maxBlocks; ++blocks)
    for (int64_t rows = 1; rows <= maxRows; ++rows)
      for (int64_t columns = maxColumns; columns >= 1; --columns)
        visit(Tile{blocks, rows, columns});
  if (shape.rowPositions > 1)
    for (int64_t blocks = 1; blocks <= maxBlocks; ++blocks) {
      for (int64_t columns = maxColumns; columns >= 1; --columns)
        visit(Tile{blocks, 2, columns});
      visit(Tile{blocks, shape.rowPositions, shape.outWidth});
    }
}

using Scored = std::vector<std::pair<double, ConvSchedule>>;

/// The best `most` of them that are worth trying, in order.
static void keepBest(Scored &scored, size_t most) {
  std::stable_sort(scored.begin(), scored.end(), [](const auto &a, const auto &b) { return a.first > b.first; });
  size_t kept = 0;
  while (kept < std::min(most, scored.size()) && scored[kept].first >= kWorthTrying * scored.front().first)
    ++kept;
  scored.resize(kept);
}

std::vector<ConvSchedule> plan::convSchedules(const ConvShape &shape, SkipIsa isa) {
  Scored scored, strassen;
  forEachTile(shape, [&](const Tile &tile) {
    ConvSchedule schedule{tile.ocBlocks, tile.rows, tile.columns, tailsFor(tile.columns, shape)};
    if (isLegal(schedule, shape, isa))
      scored.push_back({scoreOf(schedule, shape, isa), schedule});
  });
  for (const ConvSchedule &schedule : strassenSchedules(shape, isa))
    strassen.push_back({predictedEfficiency(schedule, shape, isa) * (1 - kBodyCost * kStrassenBodies), schedule});
  keepBest(scored, kMaxCandidates);
  keepBest(strassen, kMaxStrassen);
  scored.insert(scored.end(), strassen.begin(), strassen.end());
  keepBest(scored, scored.size());
  std::vector<ConvSchedule> schedules;
  for (const auto &[score, schedule] : scored)
    schedules.push_back(schedule);
  return schedules;
}
