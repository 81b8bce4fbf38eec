// Orders and splits of training sets.
#include "tools/data/Order.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

using namespace skip::data;

static std::vector<uint32_t> numbersBelow(uint32_t count) {
  std::vector<uint32_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

TEST_CASE("order: each epoch has every picture once, in an order of its own") {
  for (uint32_t count : {1u, 2u, 7u, 50'000u}) {
    std::vector<uint32_t> order = shuffled(count, 1, 0), sorted = order;
    std::sort(sorted.begin(), sorted.end());
    CHECK(sorted == numbersBelow(count));
    CHECK(order == shuffled(count, 1, 0));
  }
  CHECK(shuffled(100, 1, 0) != shuffled(100, 1, 1));
  CHECK(shuffled(100, 1, 0) != shuffled(100, 2, 0));
  CHECK(shuffled(100, 1, 0) != numbersBelow(100));
}

TEST_CASE("order: all orders of four are as likely") {
  std::map<std::vector<uint32_t>, int> seen;
  constexpr int count = 24'000;
  for (uint32_t epoch = 0; epoch < count; ++epoch)
    ++seen[shuffled(4, 9, epoch)];
  REQUIRE(seen.size() == 24);
  for (const auto &[order, times] : seen)
    CHECK(std::abs(times - 1000) < 5 * std::sqrt(1000));
}

TEST_CASE("order: a split keeps the set's order, and more held out are the same and others") {
  Split none = split(100, 0), some = split(100, 10), more = split(100, 30), all = split(100, 100);
  CHECK(none.training == numbersBelow(100));
  CHECK(none.heldOut.empty());
  CHECK(all.training.empty());
  for (const Split &one : {some, more}) {
    CHECK(std::is_sorted(one.training.begin(), one.training.end()));
    CHECK(std::is_sorted(one.heldOut.begin(), one.heldOut.end()));
    std::vector<uint32_t> together = one.training;
    together.insert(together.end(), one.heldOut.begin(), one.heldOut.end());
    std::sort(together.begin(), together.end());
    CHECK(together == numbersBelow(100));
  }
  CHECK(some.heldOut.size() == 10);
  CHECK(std::includes(more.heldOut.begin(), more.heldOut.end(), some.heldOut.begin(), some.heldOut.end()));
}
