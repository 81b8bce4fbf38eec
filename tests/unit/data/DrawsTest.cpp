// Numbers by place: Philox itself, and what is made of its bits.
#include "tools/data/Draws.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <set>
#include <vector>

using namespace skip::data;
using skip::runtime::philox, skip::runtime::plainLog;

TEST_CASE("draws: Philox4x32-10 gives the numbers that its authors publish") {
  using Four = std::array<uint32_t, 4>;
  CHECK(philox({0, 0, 0, 0}, {0, 0}) == Four{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}) == Four{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Four{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("draws: each place has numbers of its own, always the same") {
  std::set<std::vector<uint32_t>> seen;
  auto numbers = [](uint64_t seed, Purpose purpose, uint32_t epoch, uint32_t index) {
    Draws draws(seed, purpose, epoch, index);
    std::vector<uint32_t> list(9);
    for (uint32_t &number : list)
      number = draws.bits();
    return list;
  };
  for (uint64_t seed : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 32})
    for (Purpose purpose : {Purpose::Crop, Purpose::Flip})
      for (uint32_t epoch : {0u, 1u})
        for (uint32_t index : {0u, 1u, 2u}) {
          seen.insert(numbers(seed, purpose, epoch, index));
          CHECK(numbers(seed, purpose, epoch, index) == numbers(seed, purpose, epoch, index));
        }
  CHECK(seen.size() == 36);
}

TEST_CASE("draws: numbers below a bound are all as likely") {
  constexpr int count = 90'000;
  Draws draws(7, Purpose::Crop, 0, 0);
  std::vector<int> hits(9);
  for (int i = 0; i < count; ++i)
    ++hits.at(draws.below(9));
  double chi = 0;
  for (int hit : hits)
    chi += (hit - count / 9.0) * (hit - count / 9.0) / (count / 9.0);
  CHECK(chi < 26.1); // one of a thousand seeds is above it, of 8 degrees of freedom
  CHECK(draws.below(1) == 0);
}

TEST_CASE("draws: uniform and normal numbers have their moments") {
  constexpr int count = 200'000;
  double sum = 0, squares = 0, fourth = 0, uniform = 0;
  int beyondTwo = 0;
  Draws draws(3, Purpose::Colour, 0, 0);
  for (int i = 0; i < count; ++i) {
    double x = draws.normal(), u = draws.uniform();
    REQUIRE((u >= 0 && u < 1));
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
    uniform += u;
    beyondTwo += std::abs(x) > 2;
  }
  CHECK(std::abs(sum / count) < 4 / std::sqrt(count));
  CHECK(squares / count == Approx(1).margin(0.015));
  CHECK(fourth / count == Approx(3).margin(0.12));
  CHECK(uniform / count == Approx(0.5).margin(0.003));
  CHECK(beyondTwo / double(count) == Approx(0.0455).margin(0.002));
}

TEST_CASE("draws: the logarithm is that of mathematics to the last bits") {
  Draws draws(1, Purpose::Order, 0, 0);
  for (int i = 0; i < 20'000; ++i) {
    double x = std::ldexp(draws.uniform() + 0x1p-53, static_cast<int>(draws.below(200)) - 150);
    CHECK(plainLog(x) == Approx(std::log(x)).epsilon(4e-16).margin(4e-16));
  }
  CHECK(plainLog(1) == 0);
}
