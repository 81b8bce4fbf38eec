// Which tiles of warp groups are legal, and which the cost model prefers.
#include "ir/plan/cuda/Gpu.h"
#include "ir/plan/cuda/WgmmaSchedule.h"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace skip;
using namespace skip::plan;

TEST_CASE("warp group tiles: those that are worth trying are legal, and the same for every shape") {
  std::vector<WgmmaTile> some = wgmmaTiles({}), others = wgmmaTiles({.pixels = 1 << 20, .channels = 512, .lines = 72});
  CHECK(some.size() >= 4);
  CHECK(std::all_of(some.begin(), some.end(), [](const WgmmaTile &tile) { return isLegal(tile); }));
  CHECK(std::is_permutation(some.begin(), some.end(), others.begin(), others.end()));
}

TEST_CASE("warp group tiles: what no code is there for is not legal") {
  const WgmmaTile good{128, 128, 2, 4, 2};
  REQUIRE(isLegal(good));
  auto with = [&](int64_t WgmmaTile::*member, int64_t value) {
    WgmmaTile tile = good;
    tile.*member = value;
    return tile;
  };
  CHECK_FALSE(isLegal(with(&WgmmaTile::m, 64)));  // half a warp group each
  CHECK_FALSE(isLegal(with(&WgmmaTile::m, 512))); // more rows than a box has
  CHECK_FALSE(isLegal(with(&WgmmaTile::n, 24)));  // half a vector of the result
  CHECK_FALSE(isLegal(with(&WgmmaTile::n, 0)));
  CHECK_FALSE(isLegal(with(&WgmmaTile::consumers, 3)));
  CHECK_FALSE(isLegal(with(&WgmmaTile::consumers, 0)));
  CHECK_FALSE(isLegal(with(&WgmmaTile::stages, 1))); // nothing on its way
  CHECK_FALSE(isLegal(with(&WgmmaTile::stages, 8))); // 256 KB
  CHECK_FALSE(isLegal(with(&WgmmaTile::cluster, 0)));
  CHECK_FALSE(isLegal(with(&WgmmaTile::cluster, 8)));
  CHECK_FALSE(isLegal(WgmmaTile{64, 48, 1, 3, 3}));
  CHECK_FALSE(isLegal(WgmmaTile{256, 256, 2, 2, 1})); // 256 sums a thread
  CHECK_FALSE(isLegal(WgmmaTile{64, 16, 1, 4, 4}));   // a part of four columns
}

TEST_CASE("warp group tiles: windows that tensor maps walk through") {
  auto sizes = [](int64_t kernel, int64_t stride, int64_t padding) {
    return graph::ContractionSizes{.kernelHeight = kernel, .kernelWidth = kernel, .stride = stride, .padding = padding};
  };
  CHECK(isForWarpgroups(sizes(3, 1, 1)));
  CHECK(isForWarpgroups(sizes(127, 8, 127)));
  CHECK_FALSE(isForWarpgroups(sizes(128, 1, 0)));
  CHECK_FALSE(isForWarpgroups(sizes(3, 9, 1)));
  CHECK_FALSE(isForWarpgroups(sizes(3, 1, 128)));
  graph::ContractionSizes wide = sizes(3, 1, 1), general = sizes(3, 1, 1);
  wide.kernelWidth = 5;
  general.isGeneral = true;
  CHECK_FALSE(isForWarpgroups(wide));
  CHECK_FALSE(isForWarpgroups(general));
}

TEST_CASE("warp group tiles: large where there are many sums, small where there are few") {
  WgmmaTile large = wgmmaTiles({.pixels = 256 * 28 * 28, .channels = 512, .lines = 36}).front();
  CHECK(large.m * large.n >= 128 * 256);
  CHECK(large.cluster == 2); // what bounds it is the second-level cache
  WgmmaTile small = wgmmaTiles({.pixels = 49, .channels = 512, .lines = 72}).front();
  CHECK(small.m * small.n <= 64 * 64);
}

TEST_CASE("warp group tiles: two blocks beside each other where a thread's sums, and tf32's words, leave it registers") {
  CHECK(blocksBeside({64, 64, 1, 6, 1}) == 2);
  CHECK(blocksBeside({64, 160, 1, 2, 1}) == 2); // 80 sums, 16 words
  CHECK(blocksBeside({128, 96, 1, 2, 1}) == 1); // 96 and 32
  CHECK(blocksBeside({64, 256, 1, 2, 1}) == 1); // 128 sums
  CHECK(blocksBeside({192, 80, 1, 2, 1}) == 1); // 120
  CHECK(blocksBeside({64, 64, 1, 8, 1}) == 1);  // 131 KB of shared memory
  CHECK(blocksBeside({128, 64, 2, 3, 1}) == 1); // two groups that multiply take all registers
}
