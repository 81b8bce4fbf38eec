// One warp group copies, by the tensor unit, which takes no registers and hardly any instructions, and the others multiply;
// each waits for the other through barriers in shared memory alone. So a block has both on their way at all times, and what a
// stage takes is the slower of the two. In bf16 a stage of a 128 x 128 tile takes 512 cycles of products on an H100, and from
// the second-level cache 862, of 128 x 256 1024 and 1293. Two blocks that share the filters bring the latter down to 862.
//
// Rates are on paper (Gpu.cpp): nothing was measured on a GPU yet.
#include "ir/plan/cuda/WgmmaSchedule.h"

#include "ir/plan/cuda/Gpu.h"

#include <algorithm>
#include <array>

using namespace skip;
using namespace skip::plan;

static constexpr int64_t kMostSharedBytes = 227 * 1024; // of a block on sm_90
static constexpr int64_t kMostSums = 128;               // a thread's
static constexpr int64_t kAtomBytes = 1024;             // that a swizzled line's pattern repeats after

static constexpr std::array<WgmmaTile, 9> kTiles = {{
    {128, 256, 2, 4, 2},
    {128, 256, 2, 4, 1},
    {256, 128, 2, 4, 1},
    {128, 128, 2, 6, 2},
    {128, 128, 2, 6, 1},
    {128, 64, 2, 8, 1},
    {64, 128, 1, 4, 1},
    {64, 64, 1, 6, 1},
    {64, 32, 1, 8, 1},
}};

static int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

int64_t WgmmaTile::barrierOffset() const {
  return std::max(stages * stageBytes(), m * (n + sumPadding) * static_cast<int64_t>(sizeof(float)));
}

bool skip::plan::isLegal(const WgmmaTile &tile) {
  if (std::min({tile.m, tile.n, tile.consumers, tile.cluster}) < 1 || std::max(tile.m, tile.n) > 256)
    return false;
  if (tile.consumers > 2 || tile.m % (WgmmaTile::groupRows * tile.consumers) || tile.stages < 2 || tile.stages > 8)
    return false;
  // A part of the filters' lines that a block of a cluster copies is whole atoms.
  if (tile.n % 16 || tile.n < leastTileChannels || tile.cluster > 4 || tile.cluster == 3 ||
      tile.n * WgmmaTile::lineBytes % (tile.cluster * kAtomBytes))
    return false;
  return tile.sumsOfThread() <= kMostSums && tile.sharedBytes() <= kMostSharedBytes;
}

/// The driver is told where windows begin and end in bytes with a sign. Of windows that are not square it would matter which of
/// the two it takes for rows, about which its documentation and its users differ.
bool skip::plan::isForWarpgroups(const graph::ContractionSizes &sizes) {
  constexpr int64_t mostCorner = 127, mostStride = 8;
  return !sizes.isGeneral && sizes.kernelHeight == sizes.kernelWidth && sizes.kernelHeight <= mostCorner &&
         sizes.padding <= mostCorner && sizes.stride <= mostStride;
}

/// With two warp groups that multiply, one: they share the registers out anew, all of them. Of one that multiplies a thread has
/// 128 registers where there are two blocks: ptxas finds room for 96 of a product's among them. Beside the sums these are, of
/// tf32, the words of a stage's rows, 16 for each 64 rows; they are counted of all, so that a tile is one of all precisions.
int64_t skip::plan::blocksBeside(const WgmmaTile &tile) {
  constexpr int64_t mostOfTwo = 96, wordBytes = 4;
  int64_t words = tile.blocksOfRows() * WgmmaTile::groupRows * WgmmaTile::lineBytes / (WgmmaTile::groupThreads * wordBytes);
  int64_t registers = tile.sumsOfThread() + words;
  int64_t byShared = h100().sharedBytes / (tile.sharedBytes() + 1024);
  int64_t byRegisters = tile.consumers == 1 && registers <= mostOfTwo ? 2 : 1;
  return std::max<int64_t>(1, std::min(byShared, byRegisters));
}

/// Cycles that a stage of one block takes of a multiprocessor.
static double stageCycles(const WgmmaTile &tile, const Gpu &gpu) {
  constexpr double pairBytes = 2;
  double m = double(tile.m), n = double(tile.n), line = double(WgmmaTile::lineBytes);
  double products = m * n * line / pairBytes / gpu.groupProducts;            // of tf32 half as many at half the rate
  double matrices = (m + n * m / double(WgmmaTile::groupRows)) * line / 128; // each product of 64 rows reads the columns
  double copies = (m + n / double(tile.cluster)) * line / gpu.cacheBytes;
  return std::max({products, matrices, copies});
}

double skip::plan::predictedCycles(const WgmmaTile &tile, const GemmShape &shape, const Gpu &gpu) {
  constexpr double latency = 160, ends = 2000; // of a stage, and of a block before its first product and after its last
  int64_t rows = ceilDiv(ceilDiv(shape.pixels, tile.m), tile.cluster) * tile.cluster;
  int64_t blocks = rows * ceilDiv(shape.channels, tile.n) * shape.parts, stages = ceilDiv(shape.lines, shape.parts);
  int64_t beside = std::min(blocksBeside(tile), ceilDiv(blocks, gpu.multiprocessors)),
          waves = ceilDiv(blocks, gpu.multiprocessors * beside);
  double stage = std::max(latency, double(beside) * stageCycles(tile, gpu));
  return double(waves) * (double(stages) * stage + ends);
}

std::vector<WgmmaTile> skip::plan::wgmmaTiles(const GemmShape &shape) {
  std::vector<WgmmaTile> tiles(kTiles.begin(), kTiles.end());
  std::stable_sort(tiles.begin(), tiles.end(), [&](const WgmmaTile &a, const WgmmaTile &b) {
    return predictedCycles(a, shape, h100()) < predictedCycles(b, shape, h100());
  });
  return tiles;
}
