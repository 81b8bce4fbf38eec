// The best classes of one image.
#include "tools/running/Ranking.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace skip;

TEST_CASE("the best classes come first, with the softmax of all") {
  std::vector<tool::Ranked> best = tool::rank({0.0f, std::log(4.0f), std::log(2.0f), 0.0f}, 2, false);
  REQUIRE(best.size() == 2);
  CHECK(best[0].index == 1);
  CHECK(best[0].probability == Approx(0.5));
  CHECK(best[1].index == 2);
  CHECK(best[1].probability == Approx(0.25));
}

TEST_CASE("equal outputs keep their order, and there are no more classes than outputs") {
  std::vector<tool::Ranked> best = tool::rank({1.0f, 1.0f}, 5, false);
  REQUIRE(best.size() == 2);
  CHECK(best[0].index == 0);
  CHECK(best[1].index == 1);
}

TEST_CASE("large logits do not overflow") { CHECK(tool::rank({1000.0f, 0.0f}, 1, false)[0].probability == Approx(1.0)); }

TEST_CASE("probabilities of a model that ends in a softmax are taken as they are") {
  CHECK(tool::rank({0.25f, 0.75f}, 1, true)[0].probability == Approx(0.75));
}

TEST_CASE("NaN ranks behind every number") {
  float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<tool::Ranked> best = tool::rank({nan, -1.0f, nan, 3.0f}, 2, true);
  CHECK(best[0].index == 3);
  CHECK(best[1].index == 1);
}
