// How Strassen's schedules cut a convolution, and what the cost model says of them.
#include "ir/plan/x86/Strassen.h"

#include <catch2/catch.hpp>

using namespace skip;
using namespace skip::plan;

static ConvShape shapeOf(int64_t outBlocks, const std::vector<int64_t> &inBlocks, int64_t size, bool strided = false) {
  ConvShape shape;
  shape.ocBlocks = outBlocks;
  shape.inChannels = 16 * inBlocks.front();
  shape.outHeight = shape.outWidth = size;
  for (int64_t blocks : inBlocks)
    shape.roots.push_back({.stride = strided ? 2 : 1, .inBlocks = blocks});
  return shape;
}

TEST_CASE("strassen: chunks divide the channels of all roots") {
  ConvSchedule schedule{2, 14, 14, {}, 4};
  CHECK(strassenUnit(schedule, shapeOf(16, {64}, 14)) == StrassenUnit{7, 16, 4, false});
  CHECK(strassenUnit(schedule, shapeOf(16, {16, 8}, 14)) == StrassenUnit{7, 8, 3, false});
  CHECK(strassenUnit(schedule, shapeOf(16, {32, 16}, 14, true)) == StrassenUnit{7, 8, 6, true});
  CHECK(strassenUnit({2, 4, 14, {}, 4}, shapeOf(16, {6}, 56)) == StrassenUnit{8, 2, 3, false});
  CHECK_FALSE(isLegal(schedule, shapeOf(16, {5}, 14), SKIP_ISA_AVX512)); // an odd number has no halves
}

TEST_CASE("strassen: candidates share a picture out evenly, for two cores at least") {
  for (auto [out, in, size] : {std::tuple(16, 64, 14), {64, 16, 14}, {8, 32, 28}, {4, 16, 56}, {16, 4, 56}}) {
    ConvShape shape = shapeOf(out, {in}, size);
    std::vector<ConvSchedule> schedules = strassenSchedules(shape, SKIP_ISA_AVX512);
    CHECK_FALSE(schedules.empty());
    for (const ConvSchedule &schedule : schedules) {
      CHECK(isLegal(schedule, shape, SKIP_ISA_AVX512));
      int64_t units = size / schedule.rows * (out / schedule.unitBlocks);
      CHECK(size % schedule.rows == 0);
      CHECK((units >= 4 && units % 2 == 0));
    }
    CHECK(strassenSchedules(shape, SKIP_ISA_AVX2).empty());
  }
  CHECK(strassenSchedules(shapeOf(32, {32}, 7), SKIP_ISA_AVX512).empty()); // rows come in pairs
}

TEST_CASE("strassen: sums that serve little are predicted to cost more than they save") {
  auto efficiency = [](const ConvSchedule &schedule, const ConvShape &shape) {
    return predictedEfficiency(schedule, shape, SKIP_ISA_AVX512);
  };
  ConvShape wide = shapeOf(64, {16}, 14);
  CHECK(efficiency({2, 14, 14, {}, 16}, wide) > 1);
  CHECK(efficiency({2, 14, 14, {}, 16}, wide) > efficiency({2, 14, 14, {}, 4}, wide)); // more channels share the input's
  CHECK(efficiency({2, 14, 14, {}, 16}, wide) > efficiency({2, 2, 14, {}, 16}, wide)); // more pixels share the weights'
  CHECK(efficiency({2, 2, 4, {}, 4}, shapeOf(4, {2}, 4)) < efficiency({2, 1, 4, {}}, shapeOf(4, {2}, 4)));
}
