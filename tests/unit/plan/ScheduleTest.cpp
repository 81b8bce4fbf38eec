// Which schedules are legal, and what the cost model takes.
#include "ir/plan/x86/Schedule.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

using namespace skip;
using namespace skip::plan;

static ConvShape picture(int64_t ocBlocks, int64_t inChannels, int64_t kernel, int64_t size) {
  ConvShape shape;
  shape.ocBlocks = ocBlocks;
  shape.inChannels = inChannels;
  shape.kernelHeight = shape.kernelWidth = kernel;
  shape.outHeight = shape.outWidth = size;
  return shape;
}

static ConvShape linear(int64_t ocBlocks, int64_t inChannels, int64_t images) {
  ConvShape shape;
  shape.ocBlocks = ocBlocks;
  shape.inChannels = inChannels;
  shape.outWidth = shape.images = images;
  shape.imagesAreColumns = true;
  return shape;
}

TEST_CASE("schedule: tails cover what full tiles leave, each at most once") {
  ConvSchedule schedule{1, 1, 4, {2, 1}};
  for (int64_t width = 1; width <= 12; ++width)
    CHECK(covers(schedule, width));
  ConvSchedule even{1, 1, 6, {2}};
  CHECK(covers(even, 56));
  CHECK(covers(even, 2));
  CHECK_FALSE(covers(even, 10));
  CHECK_FALSE(covers(even, 7));
}

TEST_CASE("schedule: accumulators, weights and one input must fit the registers") {
  CHECK(fitsRegisters({2, 1, 14, {}}, SKIP_ISA_AVX512));
  CHECK(fitsRegisters({2, 2, 7, {3}}, SKIP_ISA_AVX512));
  CHECK_FALSE(fitsRegisters({2, 1, 15, {}}, SKIP_ISA_AVX512));
  CHECK_FALSE(fitsRegisters({4, 1, 7, {}}, SKIP_ISA_AVX512));
  CHECK(fitsRegisters({1, 1, 6, {4, 2}}, SKIP_ISA_AVX2));
  CHECK_FALSE(fitsRegisters({1, 1, 7, {}}, SKIP_ISA_AVX2));
  CHECK_FALSE(fitsRegisters({2, 1, 14, {}}, SKIP_ISA_AVX2));
}

TEST_CASE("schedule: sizes are positive, tails descend") {
  CHECK_FALSE(fitsRegisters({0, 1, 4, {}}, SKIP_ISA_AVX512));
  CHECK_FALSE(fitsRegisters({1, 1, 4, {4}}, SKIP_ISA_AVX512));
  CHECK_FALSE(fitsRegisters({1, 1, 4, {1, 2}}, SKIP_ISA_AVX512));
  CHECK_FALSE(fitsRegisters({1, 1, 4, {2, 0}}, SKIP_ISA_AVX512));
}

TEST_CASE("schedule: output blocks are divided evenly") {
  CHECK(isLegal({2, 1, 14, {}}, picture(4, 64, 3, 56), SKIP_ISA_AVX512));
  CHECK_FALSE(isLegal({2, 1, 14, {}}, picture(3, 64, 3, 56), SKIP_ISA_AVX512));
  CHECK_FALSE(isLegal({2, 1, 14, {}}, picture(4, 64, 3, 55), SKIP_ISA_AVX512));
}

TEST_CASE("schedule: a linear layer is covered for any smaller batch too") {
  CHECK(isLegal({1, 1, 8, {4, 2, 1}}, linear(3, 64, 16), SKIP_ISA_AVX512));
  CHECK_FALSE(isLegal({1, 1, 8, {}}, linear(3, 64, 16), SKIP_ISA_AVX512));
}

static ConvShape winograd(int64_t ocBlocks, int64_t positions, int64_t group) {
  ConvShape shape;
  shape.ocBlocks = ocBlocks;
  shape.inChannels = 16 * ocBlocks;
  shape.outWidth = group;
  shape.maxOcBlocks = 2;
  shape.rowPositions = positions;
  return shape;
}

TEST_CASE("schedule: a Winograd convolution holds one position, two, or all of a row for the whole group") {
  CHECK(isLegal({2, 1, 4, {}}, winograd(4, 6, 4), SKIP_ISA_AVX512));
  CHECK(isLegal({2, 2, 4, {}}, winograd(4, 6, 4), SKIP_ISA_AVX512));
  CHECK(isLegal({1, 2, 5, {4}}, winograd(4, 7, 9), SKIP_ISA_AVX512));
  CHECK(isLegal({1, 6, 4, {}}, winograd(4, 6, 4), SKIP_ISA_AVX512));
  CHECK_FALSE(isLegal({1, 3, 4, {}}, winograd(4, 6, 4), SKIP_ISA_AVX512));
  CHECK_FALSE(isLegal({1, 6, 2, {}}, winograd(4, 6, 4), SKIP_ISA_AVX512));
  CHECK_FALSE(isLegal({1, 6, 3, {1}}, winograd(4, 6, 4), SKIP_ISA_AVX512));
  CHECK_FALSE(isLegal({1, 6, 4, {}}, winograd(4, 1, 4), SKIP_ISA_AVX512)); // a stem
  CHECK_FALSE(isLegal({1, 2, 4, {}}, winograd(4, 1, 4), SKIP_ISA_AVX512));
}

TEST_CASE("schedule: positions in registers need room for sums, taps and a pair of filters") {
  CHECK(isLegal({1, 4, 6, {}}, winograd(4, 4, 6), SKIP_ISA_AVX512));
  CHECK_FALSE(isLegal({1, 4, 7, {}}, winograd(4, 4, 7), SKIP_ISA_AVX512));
  CHECK_FALSE(isLegal({1, 6, 5, {}}, winograd(4, 6, 5), SKIP_ISA_AVX512));
  CHECK(isLegal({1, 2, 13, {}}, winograd(4, 6, 13), SKIP_ISA_AVX512));
  CHECK_FALSE(isLegal({1, 2, 14, {}}, winograd(4, 6, 14), SKIP_ISA_AVX512));
  CHECK_FALSE(isLegal({1, 6, 4, {}}, winograd(4, 6, 4), SKIP_ISA_AVX2));
}

TEST_CASE("schedule: groups of few tiles keep their filters in registers") {
  CHECK(convSchedules(winograd(32, 6, 4), SKIP_ISA_AVX512).front() == ConvSchedule{1, 6, 4, {}});
  CHECK(convSchedules(winograd(32, 6, 49), SKIP_ISA_AVX512).front().rows == 1);
  CHECK(convSchedules(winograd(32, 1, 4), SKIP_ISA_AVX512).front() == ConvSchedule{2, 1, 4, {}});
  CHECK(convSchedules(winograd(32, 6, 4), SKIP_ISA_AVX2).front().rows == 1);
}

TEST_CASE("schedule: ResNets on ImageNet share few tiles on AVX-512") {
  auto first = [](const ConvShape &shape) { return convSchedules(shape, SKIP_ISA_AVX512).front(); };
  ConvSchedule wide{2, 1, 14, {}}, narrow{2, 1, 7, {}};
  for (auto [blocks, size] : {std::pair(4, 56), {8, 28}, {16, 14}}) {
    CHECK(first(picture(blocks, 16 * blocks, 3, size)) == wide);
    CHECK(first(picture(blocks, 64 * blocks, 1, size)) == wide);
    CHECK(first(picture(4 * blocks, 16 * blocks, 1, size)) == wide);
  }
  CHECK(first(picture(32, 512, 3, 7)) == narrow);
  CHECK(first(picture(128, 512, 1, 7)) == narrow);
}

TEST_CASE("schedule: random shapes have legal, distinct candidates of sane efficiency") {
  std::mt19937 random(7);
  auto draw = [&](int64_t from, int64_t to) { return std::uniform_int_distribution<int64_t>(from, to)(random); };
  for (int round = 0; round < 300; ++round) {
    ConvShape shape = picture(draw(1, 70), draw(1, 600), draw(1, 7), 1);
    shape.outHeight = draw(1, 60);
    shape.outWidth = draw(1, 120);
    shape.planarInput = draw(0, 3) == 0;
    if (draw(0, 3) == 0)
      shape = linear(draw(1, 70), draw(1, 600), draw(1, 40));
    if (draw(0, 3) == 0)
      shape = winograd(draw(1, 40), draw(4, 8), draw(1, 49));
    for (SkipIsa isa : {SKIP_ISA_AVX2, SKIP_ISA_AVX512}) {
      std::vector<ConvSchedule> schedules = convSchedules(shape, isa);
      REQUIRE_FALSE(schedules.empty());
      for (size_t i = 0; i < schedules.size(); ++i) {
        CHECK(isLegal(schedules[i], shape, isa));
        CHECK(predictedEfficiency(schedules[i], shape, isa) > 0);
        CHECK(predictedEfficiency(schedules[i], shape, isa) <= 1);
        CHECK(std::count(schedules.begin(), schedules.end(), schedules[i]) == 1);
      }
    }
  }
}
