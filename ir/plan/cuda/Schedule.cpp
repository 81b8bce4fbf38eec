// A block's time is that of its multiply-adds, at a rate that grows with the thread's tile: 8 x 8 sums need 16 values of shared
// memory for 64 multiply-adds, 4 x 4 need 8 for 16. Blocks run in waves, one on each multiprocessor at a time, and a last wave
// that is nearly empty takes as long as a full one. So large layers take large tiles, and layers of few pixels small ones:
//
//   12544 pixels x 64 channels     128 x 64: 98 blocks, one wave
//      49 pixels x 512 channels     32 x 32: 32 blocks; 128 x 64 would be 8, each eight times as long
//
// The rates are estimates: nothing was measured on a GPU yet.
#include "ir/plan/cuda/Gpu.h"

#include <algorithm>
#include <array>

using namespace skip::plan;

static constexpr int64_t kMostThreads = 256, kMostSharedBytes = 48 * 1024, kMostSums = 64, kWarp = 32;

static constexpr std::array<GemmTile, 6> kTiles = {{
    {128, 128, 8, 8, 8},
    {128, 64, 16, 8, 8},
    {64, 64, 16, 8, 4},
    {64, 32, 16, 4, 4},
    {32, 32, 16, 4, 4},
    {16, 64, 16, 4, 4},
}};

static int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

int64_t GemmTile::sharedBytes() const {
  return 2 * k * (m + gemmPadding + n + gemmPadding) * static_cast<int64_t>(sizeof(float));
}

bool skip::plan::isLegal(const GemmTile &tile) {
  if (std::min({tile.m, tile.n, tile.k, tile.threadM, tile.threadN}) < 4 || std::max({tile.m, tile.n, tile.k}) > 1024)
    return false;
  if (tile.n < leastTileChannels || tile.threadM % 4 || tile.threadN % 4 || tile.m % tile.threadM || tile.n % tile.threadN ||
      tile.k % 4)
    return false;
  if (tile.threadM * tile.threadN > kMostSums || tile.sharedBytes() > kMostSharedBytes)
    return false;
  int64_t threads = tile.threads(), chunks = tile.k / 4; // of four values, which a thread loads at a time
  return threads % kWarp == 0 && threads <= kMostThreads && threads % chunks == 0 && tile.m * chunks % threads == 0 &&
         tile.n * chunks % threads == 0;
}

double skip::plan::predictedCycles(const GemmTile &tile, const GemmShape &shape, const Gpu &gpu) {
  double sums = double(tile.threadM * tile.threadN), loads = double(tile.threadM + tile.threadN);
  double rate = sums / (sums + 2 * loads);
  int64_t blocks = ceilDiv(shape.pixels, tile.m) * ceilDiv(shape.channels, tile.n);
  double fill = 64; // what a block takes before its first product and after its last, in steps of the sum
  double each = double(tile.m * tile.n) * (double(shape.depth) + fill) / (rate * gpu.floatProducts);
  return double(ceilDiv(blocks, gpu.multiprocessors)) * each;
}

std::vector<GemmTile> skip::plan::gemmTiles(const GemmShape &shape) {
  std::vector<GemmTile> tiles(kTiles.begin(), kTiles.end());
  std::stable_sort(tiles.begin(), tiles.end(), [&](const GemmTile &a, const GemmTile &b) {
    return predictedCycles(a, shape, a100()) < predictedCycles(b, shape, a100());
  });
  return tiles;
}
