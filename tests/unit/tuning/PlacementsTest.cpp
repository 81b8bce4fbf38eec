// A candidate's time over its places in memory.
#include "tools/tuning/Placements.h"

#include <catch2/catch.hpp>
#include <cstdlib>

using skip::tuning::Placements;

static Placements of(std::initializer_list<int64_t> times) {
  Placements placements;
  for (int64_t time : times)
    placements.add(time);
  return placements;
}

TEST_CASE("placements: the mean, less the slowest quarter") {
  CHECK(of({1000}).time() == 1000);
  CHECK(of({1000, 1200, 1400}).time() == 1200);
  CHECK(of({9000, 1000, 1200, 1400}).time() == 1200);
}

TEST_CASE("placements: noise is two standard errors of the mean, none of one place") {
  CHECK(of({1000}).noise() == 0);
  CHECK(of({900, 1100}).noise() == 200);
  CHECK(of({1000, 1000, 1000, 5000}).noise() == 0);
}

TEST_CASE("placements: of two kinds of places, one more of either moves the time by little") {
  int64_t few = of({1000, 1000, 1000, 1000, 1000, 1000, 1000, 1100, 1100, 1100, 1100, 1100, 1100}).time();
  int64_t many = of({1000, 1000, 1000, 1000, 1000, 1000, 1100, 1100, 1100, 1100, 1100, 1100, 1100}).time();
  CHECK(many - few == 10);
}

TEST_CASE("placements: what is remembered has the time and noise that it had") {
  for (int64_t places = 1; places <= 26; ++places) {
    CAPTURE(places);
    Placements placements;
    placements.remember(100000, places, places == 1 ? 0 : 3000);
    CHECK(placements.count() == places);
    CHECK(placements.time() == 100000);
    CHECK(std::abs(placements.noise() - (places == 1 ? 0 : 3000)) <= 1);
  }
}

TEST_CASE("placements: a noise as large as the time leaves times that can be") {
  Placements placements;
  placements.remember(10, 13, 100000);
  CHECK(placements.time() == 10);
}
