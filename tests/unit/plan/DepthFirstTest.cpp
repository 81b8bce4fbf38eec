// What bands of rows would save and repeat.
#include "ir/plan/DepthFirst.h"

#include <catch2/catch.hpp>

using namespace skip::plan;

/// Two 3x3 convolutions of 56 rows whose inner result has a megabyte, at a gigabyte a second.
static std::vector<BlockStep> twoConvolutions(double seconds) {
  BlockStep first{.seconds = seconds, .innerBytes = 1e6, .otherBytes = 1e6, .resultBytes = 1e6, .rows = 56, .extraRows = 2};
  BlockStep second{.seconds = seconds, .innerBytes = 1e6, .otherBytes = 1e6, .rows = 56, .extraRows = 2};
  return {first, second};
}

TEST_CASE("depth-first: moving that hides behind multiplications saves nothing") {
  DepthFirst result = depthFirst(twoConvolutions(5e-3), 3e5, 1e9);
  CHECK(result.innerBytes == 2e6);
  CHECK(result.movingSeconds == Approx(2e-3));
  CHECK(result.exposedSeconds == 0);
  CHECK(result.bandRows == 14);
  CHECK(result.repeatedSeconds == Approx(5e-3 * 6 / 56)); // of the first: both rows at each of three borders
  CHECK_FALSE(result.pays());
}

TEST_CASE("depth-first: what is not hidden is weighed against rows that are repeated") {
  DepthFirst result = depthFirst(twoConvolutions(1e-3), 3e5, 1e9);
  CHECK(result.exposedSeconds == Approx(2e-3)); // each step moves 2 ms and multiplies 1
  CHECK(result.pays());
  CHECK_FALSE(
      depthFirst(twoConvolutions(1.9e-3), 3e4, 1e9).pays()); // 0.2 ms against bands of 2 rows, which all but double the first
}

TEST_CASE("depth-first: what stays near anyway is not moved again") {
  DepthFirst result = depthFirst(twoConvolutions(0), 1e6, 1e9);
  CHECK(result.bandRows == 56);
  CHECK(result.exposedSeconds == 0);
  CHECK_FALSE(result.pays());
}

TEST_CASE("depth-first: strides widen a band") {
  BlockStep first{.seconds = 1e-3, .innerBytes = 1e6, .resultBytes = 1e6, .rows = 56};
  BlockStep second{.seconds = 1e-3, .innerBytes = 1e6, .rows = 28, .stride = 2, .extraRows = 1};
  DepthFirst result = depthFirst({first, second}, 6e5, 1e9);
  CHECK(result.bandRows == 14);
  CHECK(result.repeatedSeconds == Approx(1e-3 * 1 / 56));
}

TEST_CASE("depth-first: bands that do not divide the rows repeat nothing by themselves") {
  BlockStep first{.seconds = 1e-3, .innerBytes = 1e6, .resultBytes = 1e6, .rows = 7};
  BlockStep second{.seconds = 1e-3, .innerBytes = 1e6, .rows = 7};
  DepthFirst result = depthFirst({first, second}, 6e5, 1e9);
  CHECK(result.bandRows == 4);
  CHECK(result.repeatedSeconds == Approx(0).margin(1e-12));
}
