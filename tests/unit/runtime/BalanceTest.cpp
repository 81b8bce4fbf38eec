// The factors behind a filter whose channels are added up.
#include "runtime/Balance.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <random>
#include <vector>

using namespace skip::runtime;

namespace {
/// A packed filter of 2 blocks of output channels and 4 of input channels, sizes[k] * outSizes[j] * a number of size one.
struct Filter {
  static constexpr int64_t outBlocks = 2, inBlocks = 4;
  std::vector<float> floats = std::vector<float>(outBlocks * inBlocks * 256 + balanceFloats(outBlocks, inBlocks), -1.0f);
  std::vector<double> inputSizes; // empty: nothing is known

  template <typename In, typename Out> void fill(In in, Out out) {
    fill(in, out, [](int64_t, int64_t) { return 1.0f; });
  }
  template <typename In, typename Out, typename Both> void fill(In in, Out out, Both both) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    for (int64_t j = 0; j < outBlocks * 16; ++j)
      for (int64_t k = 0; k < inBlocks * 16; ++k)
        floats[(j / 16 * inBlocks * 16 + k) * 16 + j % 16] = normal(random) * in(k)*out(j) * both(k, j);
    balanceFilter(floats.data(), outBlocks, inBlocks, 1, inBlocks * 16, outBlocks * 16,
                  inputSizes.empty() ? nullptr : inputSizes.data());
  }
  bool isUnlike() const { return factors()[unlikeFlag(outBlocks, inBlocks)] != 0; }
  const float *factors() const { return floats.data() + outBlocks * inBlocks * 256; }
  const float *sizes() const { return factors() + inBlocks * 16; }
};
} // namespace

static bool isPowerOfTwo(float x) {
  int exponent;
  return std::frexp(x, &exponent) == 0.5f;
}

TEST_CASE("balance: factors are powers of two, with their reciprocals") {
  Filter filter;
  filter.fill([](int64_t k) { return float(k + 1); }, [](int64_t j) { return 1.0f / float(j + 1); });
  for (int64_t chunk = 0; chunk < 64; chunk += 32)
    for (int64_t k = chunk; k < chunk + 16; ++k) {
      CHECK(isPowerOfTwo(filter.factors()[k]));
      CHECK(filter.factors()[k] * filter.factors()[k + 16] == 1);
    }
  for (int64_t j = 0; j < 32; ++j) {
    CHECK(isPowerOfTwo(filter.sizes()[j]));
    CHECK(filter.sizes()[j] * filter.sizes()[j + 32] == 1);
  }
}

TEST_CASE("balance: multiplied by its factor, a pair's second channel has weights of the first one's size") {
  Filter filter;
  auto in = [](int64_t k) { return k % 32 < 16 ? 1e-3f : 1e3f; }; // of a pair
  auto out = [](int64_t j) { return j < 16 ? 1e6f : 1e-6f; };
  filter.fill(in, out);
  for (int64_t k = 0; k < 16; ++k) { // x is multiplied by it, the weights are divided
    CHECK(filter.factors()[k + 16] > 0.5f * 1e6f);
    CHECK(filter.factors()[k + 16] < 2 * 1e6f);
  }
  for (int64_t j = 0; j < 16; ++j) {
    double ratio = double(filter.sizes()[j]) / double(filter.sizes()[j + 16]);
    CHECK(ratio > 0.25e12);
    CHECK(ratio < 4e12);
  }
}

TEST_CASE("balance: channels without weights, and weights far from one") {
  Filter zero;
  zero.fill([](int64_t) { return 0.0f; }, [](int64_t) { return 1.0f; });
  CHECK(zero.isUnlike()); // what has no weights is to be zero
  for (int64_t i = 0; i < unlikeFlag(Filter::outBlocks, Filter::inBlocks); ++i)
    CHECK(zero.factors()[i] == 1);
  Filter extreme;
  extreme.fill([](int64_t k) { return k % 2 ? 1e-30f : 1e18f; }, [](int64_t j) { return j % 2 ? 1e18f : 1e-8f; });
  for (int64_t i = 0; i < unlikeFlag(Filter::outBlocks, Filter::inBlocks); ++i)
    CHECK(isPowerOfTwo(extreme.factors()[i]));
  CHECK(extreme.isUnlike()); // farther apart than factors reach
}

TEST_CASE("balance: a filter whose channels are alike but for their sizes is told from one that cannot be balanced") {
  auto alike = [](int64_t) { return 1.0f; };
  Filter normal, sized;
  normal.fill(alike, alike);
  CHECK_FALSE(normal.isUnlike());
  sized.fill([](int64_t k) { return std::exp2(float(k % 7) - 3); }, [](int64_t j) { return std::exp2(float(j % 13) - 6); });
  CHECK_FALSE(sized.isUnlike());
  Filter unit, halves, wide, column, pruned;
  wide.fill([](int64_t k) { return k < 32 ? 1e-4f : 1e4f; }, alike);
  CHECK(wide.isUnlike()); // an input may be multiplied by a hundred million
  column.fill([](int64_t k) { return k == 7 ? 1e3f : 1.0f; }, alike);
  CHECK(column.isUnlike()); // unless inputs make up for it
  pruned.fill(alike, [](int64_t j) { return j == 19 ? 0.0f : 1.0f; });
  CHECK(pruned.isUnlike());
  unit.fill(alike, alike, [](int64_t k, int64_t j) { return k == j ? 1.0f : 1e-3f; });
  CHECK(unit.isUnlike());
  halves.fill(alike, alike, [](int64_t k, int64_t j) { return k / 16 % 2 == j / 16 % 2 ? 1e-4f : 1.0f; });
  CHECK(halves.isUnlike());
}

TEST_CASE("balance: what is known of the inputs tells a filter whose weights are small at the one that counts") {
  auto alike = [](int64_t) { return 1.0f; };
  auto smallAtSeven = [](int64_t k, int64_t j) { return k == 7 && j == 3 ? 1e-3f : 1.0f; };
  Filter unknown, even, uneven, nothing;
  unknown.fill(alike, alike, smallAtSeven);
  CHECK_FALSE(unknown.isUnlike());
  even.inputSizes.assign(64, 1e-3);
  even.fill(alike, alike, smallAtSeven);
  CHECK_FALSE(even.isUnlike());
  uneven.inputSizes.assign(64, 1e-3);
  uneven.inputSizes[7] = 1;
  uneven.fill(alike, alike, smallAtSeven);
  CHECK(uneven.isUnlike());
  nothing.inputSizes.assign(64, 0); // inputs that are zero are added without an error
  nothing.fill(alike, alike, smallAtSeven);
  CHECK_FALSE(nothing.isUnlike());
}
