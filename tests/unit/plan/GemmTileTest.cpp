// Which tiles of CUDA cores are legal, and what the cost model takes.
#include "ir/plan/cuda/Schedule.h"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace skip::plan;

TEST_CASE("gemm tile: those that are offered are legal, for any shape the same ones") {
  std::vector<GemmTile> some = gemmTiles({});
  CHECK(some.size() >= 4);
  CHECK(std::all_of(some.begin(), some.end(), isLegal));
  std::vector<GemmTile> others = gemmTiles({.pixels = 1 << 20, .channels = 512, .depth = 4608});
  CHECK(std::is_permutation(some.begin(), some.end(), others.begin(), others.end()));
}

TEST_CASE("gemm tile: what emitters have no code for, or a GPU no room, is not legal") {
  const GemmTile good{64, 64, 16, 8, 4};
  CHECK(isLegal(good));
  auto with = [&](auto member, int64_t value) {
    GemmTile tile = good;
    tile.*member = value;
    return tile;
  };
  CHECK_FALSE(isLegal(with(&GemmTile::threadM, 0)));
  CHECK_FALSE(isLegal(with(&GemmTile::threadN, 2)));  // no vector
  CHECK_FALSE(isLegal(with(&GemmTile::m, 60)));       // no whole number of threads' tiles
  CHECK_FALSE(isLegal(with(&GemmTile::k, 6)));        // no whole chunks
  CHECK_FALSE(isLegal(with(&GemmTile::threadN, 16))); // 128 sums a thread
  CHECK_FALSE(isLegal(with(&GemmTile::k, 64)));       // 69,632 bytes of shared memory
  CHECK_FALSE(isLegal({16, 16, 16, 4, 4}));           // half a warp
  CHECK_FALSE(isLegal({64, 8, 16, 4, 4}));            // a grid could be too large
  CHECK_FALSE(isLegal({128, 128, 16, 4, 4}));         // 1024 threads
  CHECK_FALSE(isLegal(with(&GemmTile::m, 1 << 20)));
}

TEST_CASE("gemm tile: large layers take large tiles, layers of few pixels small ones") {
  GemmTile large = gemmTiles({.pixels = 64 * 56 * 56, .channels = 256, .depth = 576}).front();
  CHECK(large.m * large.n >= 128 * 64);
  GemmTile small = gemmTiles({.pixels = 49, .channels = 512, .depth = 4608}).front();
  CHECK(small.m * small.n <= 32 * 32);
}
