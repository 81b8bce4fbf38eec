// Which tiles of tensor cores are legal, and what the cost model takes.
#include "ir/plan/cuda/Gpu.h"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace skip::plan;

TEST_CASE("mma tile: those that are offered are legal, for any shape the same ones") {
  for (int64_t bytes : {2, 4}) {
    std::vector<MmaTile> some = mmaTiles({}, bytes);
    CHECK(some.size() >= 4);
    CHECK(std::all_of(some.begin(), some.end(), [&](const MmaTile &tile) { return isLegal(tile, bytes); }));
    std::vector<MmaTile> others = mmaTiles({.pixels = 1 << 20, .channels = 512, .depth = 4608}, bytes);
    CHECK(std::is_permutation(some.begin(), some.end(), others.begin(), others.end()));
  }
}

TEST_CASE("mma tile: what emitters have no code for, or a GPU no room, is not legal") {
  const MmaTile good{64, 64, 32, 2, 2, 4};
  CHECK(isLegal(good, 2));
  auto with = [&](auto member, int64_t value) {
    MmaTile tile = good;
    tile.*member = value;
    return tile;
  };
  CHECK_FALSE(isLegal(with(&MmaTile::m, 48), 2));     // no whole matrices a warp
  CHECK_FALSE(isLegal(with(&MmaTile::n, 16), 2));     // half a pair of them
  CHECK_FALSE(isLegal(with(&MmaTile::k, 16), 2));     // two chunks a row
  CHECK_FALSE(isLegal(with(&MmaTile::k, 64), 4));     // sixteen
  CHECK_FALSE(isLegal(with(&MmaTile::k, 12), 2));     // no whole chunks
  CHECK_FALSE(isLegal(with(&MmaTile::stages, 1), 2)); // nothing on its way
  CHECK_FALSE(isLegal(with(&MmaTile::warpsM, 0), 2)); // no threads
  CHECK_FALSE(isLegal(with(&MmaTile::warpsN, 8), 2)); // 512 threads
  CHECK_FALSE(isLegal({256, 128, 32, 2, 2, 2}, 2));   // 256 sums a thread
  CHECK_FALSE(isLegal({128, 64, 64, 2, 2, 5}, 2));    // 122,880 bytes of shared memory
  CHECK_FALSE(isLegal({256, 128, 32, 4, 2, 2}, 2));   // 139,264 bytes for the sums
  CHECK_FALSE(isLegal({64, 96, 32, 2, 3, 4}, 2));     // chunks that 192 threads do not share alike
  CHECK_FALSE(isLegal(with(&MmaTile::m, 1 << 20), 2));
}

TEST_CASE("mma tile: large layers take large tiles, layers of few pixels small ones") {
  MmaTile large = mmaTiles({.pixels = 64 * 56 * 56, .channels = 256, .depth = 576}, 2).front();
  CHECK(large.m * large.n >= 128 * 64);
  MmaTile small = mmaTiles({.pixels = 49, .channels = 512, .depth = 4608}, 2).front();
  CHECK(small.m * small.n <= 32 * 64);
}

TEST_CASE("cuda parts: of few and long sums alone") {
  GemmShape few{.pixels = 49, .channels = 512, .depth = 4608}, many{.pixels = 64 * 56 * 56, .channels = 64, .depth = 576},
      brief{.pixels = 49, .channels = 512, .depth = 64};
  for (int64_t bytes : {2, 4}) {
    CHECK(bestParts(few, bytes) > 1);
    CHECK(bestParts(many, bytes) == 1);
    CHECK(bestParts(brief, bytes) == 1);
  }
}

TEST_CASE("cuda predictions: no time below what the bytes take, and later GPUs are not slower") {
  GemmShape shape{.pixels = 32 * 28 * 28, .channels = 512, .depth = 128};
  double operations = 2.0 * double(shape.pixels * shape.channels * shape.depth);
  Work work{operations, 2.0 * double(shape.pixels * (shape.channels + shape.depth))};
  double before = 1;
  for (const Gpu &gpu : gpus()) {
    double cycles = predictedCycles(mmaTiles(shape, 2).front(), 2, shape, gpu), seconds = predictedSeconds(cycles, work, gpu);
    CHECK(seconds > rooflineSeconds(work, 2, true, gpu));
    CHECK(seconds <= before);
    before = seconds;
    CHECK(gpuNamed(gpu.name)->name == gpu.name);
  }
  CHECK(!gpuNamed("v100"));
}
