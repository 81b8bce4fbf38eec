// Blocks of a wave that lie on one multiprocessor share its tensor cores, its shared memory and its way to the second-level
// cache; the slowest of the three says how long a stage of theirs takes together. One block alone takes at least as long as a
// barrier, a matrix load and the products that wait for it. Of a 128 x 128 tile in bf16 a value of k takes 16 cycles of
// products, 12 of matrix loads by eight warps and 11 from the cache; of 32 x 32 tiles 1, 1 and 3. So large tiles win where
// there are enough of them, and else small ones that fill the machine:
//
//   12544 pixels x 64 channels     128 x 64: 98 blocks, one wave
//      49 pixels x 512 channels     32 x 32: 32 blocks; 128 x 128 would be 4
//
// Where even those leave multiprocessors idle each sum is cut into parts, whose blocks run beside each other: of the second one
// above 8 parts make 256 blocks of an eighth of the products, and one more step adds them up.
//
// Rates are on paper (Gpu.cpp), of an A100 where a tile is chosen: nothing was measured on a GPU yet.
#include "ir/plan/cuda/Gpu.h"

#include <algorithm>
#include <array>

using namespace skip::plan;

static constexpr int64_t kRegisters = 65536;                      // of a multiprocessor
static constexpr int64_t kMostThreads = 256, kMostWarpSums = 128; // a thread's
/// What sm_86, sm_89 and sm_120 have.
static constexpr int64_t kMostSharedBytes = 99 * 1024;
static constexpr int64_t kRows = 16; // of a product of matrices; columns are taken in pairs of 8

static constexpr std::array<MmaTile, 8> kTiles = {{
    // k is of elements of two bytes
    {128, 128, 32, 2, 4, 4},
    {128, 64, 32, 2, 2, 4},
    {64, 128, 32, 2, 2, 4},
    {64, 64, 64, 2, 2, 3},
    {128, 32, 32, 4, 1, 4},
    {64, 32, 64, 2, 2, 4},
    {32, 32, 64, 2, 2, 4},
    {16, 64, 64, 1, 4, 4},
}};

static int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

int64_t MmaTile::sharedBytes(int64_t elementBytes) const {
  return std::max(stages * stageBytes(elementBytes), m * (n + sumPadding) * static_cast<int64_t>(sizeof(float)));
}

/// Whether each thread copies as many of `pieces` as the others, or some one each and the others none.
static bool areShared(int64_t pieces, int64_t threads) { return pieces % threads == 0 || threads % pieces == 0; }

bool skip::plan::isLegal(const MmaTile &tile, int64_t elementBytes) {
  if (std::min({tile.m, tile.n, tile.k, tile.warpsM, tile.warpsN}) < 1 || std::max({tile.m, tile.n, tile.k}) > 256)
    return false;
  if (tile.warpsM > 8 || tile.warpsN > 8 || tile.threads() > kMostThreads || tile.stages < 2 || tile.stages > 8)
    return false;
  if (tile.m % (kRows * tile.warpsM) || tile.n % (kRows * tile.warpsN) || tile.n < leastTileChannels)
    return false;
  int64_t chunks = tile.chunks(elementBytes);
  if (tile.k * elementBytes % 16 || (chunks != 4 && chunks != 8)) // which the order of chunks in a row is made for
    return false;
  if (!areShared(tile.m * chunks, tile.threads()) || !areShared(tile.n * chunks, tile.threads()))
    return false;
  return tile.m * tile.n / tile.threads() <= kMostWarpSums && tile.sharedBytes(elementBytes) <= kMostSharedBytes;
}

static int64_t blocksBeside(const MmaTile &tile, int64_t elementBytes, const Gpu &gpu) {
  int64_t registers = tile.m * tile.n + 96 * tile.threads(); // the sums, and what else threads have
  return std::max<int64_t>(1, std::min(gpu.sharedBytes / tile.sharedBytes(elementBytes), kRegisters / registers));
}

int64_t skip::plan::blocksBeside(const MmaTile &tile, int64_t elementBytes) {
  return ::blocksBeside(tile, elementBytes, a100());
}

/// Cycles that a stage of one block takes of a multiprocessor.
static double stageCycles(const MmaTile &tile, double elementBytes, const Gpu &gpu) {
  double m = double(tile.m), n = double(tile.n), k = double(tile.k);
  double products = m * n * k / (elementBytes == 2 ? gpu.pairProducts : gpu.pairProducts / 2);
  double matrices = (m * double(tile.warpsN) + n * double(tile.warpsM)) * k * elementBytes / 128;
  double copies = (m + n) * k * elementBytes / gpu.cacheBytes;
  return std::max({products, matrices, copies});
}

double skip::plan::predictedCycles(const MmaTile &tile, int64_t elementBytes, const GemmShape &shape, const Gpu &gpu) {
  constexpr double latency = 120, ends = 1500; // of a stage, and of a block before its first product and after its last
  int64_t blocks = ceilDiv(shape.pixels, tile.m) * ceilDiv(shape.channels, tile.n) * shape.parts,
          stages = ceilDiv(ceilDiv(shape.depth, tile.k), shape.parts);
  int64_t beside = std::min(::blocksBeside(tile, elementBytes, gpu), ceilDiv(blocks, gpu.multiprocessors)),
          waves = ceilDiv(blocks, gpu.multiprocessors * beside);
  double stage = std::max(latency, double(beside) * stageCycles(tile, double(elementBytes), gpu));
  return double(waves) * (double(stages) * stage + ends);
}

std::vector<MmaTile> skip::plan::mmaTiles(const GemmShape &shape, int64_t elementBytes, const Gpu &gpu) {
  std::vector<MmaTile> tiles(kTiles.begin(), kTiles.end());
  for (MmaTile &tile : tiles)
    tile.k = tile.k * 2 / elementBytes;
  std::stable_sort(tiles.begin(), tiles.end(), [&](const MmaTile &a, const MmaTile &b) {
    return predictedCycles(a, elementBytes, shape, gpu) < predictedCycles(b, elementBytes, shape, gpu);
  });
  return tiles;
}

std::vector<MmaTile> skip::plan::mmaTiles(const GemmShape &shape, int64_t elementBytes) {
  return mmaTiles(shape, elementBytes, a100());
}

/// A launch, and the way of the parts through the second-level cache.
double skip::plan::addingCycles(const GemmShape &shape, const Gpu &gpu) {
  double bytes = double(shape.pixels * shape.channels) * 4 * 2 * double(shape.parts); // written and read
  return launchSeconds * gpu.hertz + bytes / (gpu.cacheBytes * double(gpu.multiprocessors));
}

int64_t skip::plan::bestParts(GemmShape shape, int64_t elementBytes) {
  constexpr int64_t most = 16;
  constexpr double gain = 0.85; // less is not worth another step
  int64_t best = 1;
  double least = gain * predictedCycles(mmaTiles(shape, elementBytes).front(), elementBytes, shape, a100());
  for (shape.parts = 2; shape.parts <= most; shape.parts *= 2) {
    MmaTile tile = mmaTiles(shape, elementBytes).front();
    double cycles = predictedCycles(tile, elementBytes, shape, a100()) + addingCycles(shape, a100());
    if (shape.depth >= shape.parts * tile.k && cycles < least) {
      best = shape.parts;
      least = cycles;
    }
  }
  return best;
}
