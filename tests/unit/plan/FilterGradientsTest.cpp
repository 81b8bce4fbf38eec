// How gradients of filters are computed, by cost.
#include "ir/plan/x86/FilterGradients.h"

#include <catch2/catch.hpp>

using namespace skip::plan;

TEST_CASE("filter gradients: Winograd's in six points, in parts where a layer has few units") {
  FilterGradientAlgorithm few = chooseFilterGradient({1, 1, 32, 32, 64}, true);
  CHECK(few.tile == 4);
  CHECK(few.parts >= 4);
  FilterGradientAlgorithm many = chooseFilterGradient({32, 32, 7, 7, 16}, true);
  CHECK(many.tile == 4);
  CHECK(many.parts == 1);
}

TEST_CASE("filter gradients: no more parts than images, and one where blocks are not full") {
  CHECK(chooseFilterGradient({1, 1, 32, 32, 2}, true).parts <= 2);
  CHECK(chooseFilterGradient({1, 1, 32, 32, 64}, false).parts == 1);
}

TEST_CASE("filter gradients: one pixel is multiplied directly") {
  CHECK(chooseFilterGradient({4, 4, 1, 1, 64}, true) == FilterGradientAlgorithm{});
}

TEST_CASE("filter gradients: units divide the blocks, and every candidate has one") {
  for (int64_t out : {1, 2, 3, 5, 7, 32, 64})
    for (int64_t in : {1, 4, 6, 11, 128})
      for (const FilterGradientAlgorithm &candidate : filterGradientCandidates()) {
        FilterGradientUnit unit = filterGradientUnit(out, in, candidate.tile, candidate.group);
        REQUIRE(unit.outBlocks >= 1);
        CHECK(out % unit.outBlocks == 0);
        CHECK(in % unit.inBlocks == 0);
        CHECK(isKnown(candidate, {out, in, 8, 8, 1}));
      }
  CHECK_FALSE(isKnown({6, 16}, {1, 1, 8, 8, 1}));
  CHECK_FALSE(isKnown({4, 5}, {1, 1, 8, 8, 1}));
}
