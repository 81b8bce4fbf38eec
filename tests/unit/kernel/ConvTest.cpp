// Direct convolutions against their definition, at shapes that no tile divides.
#include "tests/unit/kernel/ConvCase.h"

#include "codegen/x86/kernel/Lanes.h"

#include <catch2/catch.hpp>

using namespace skip;
using namespace skip::testing;
using enum kernel::EpilogueOp;

/// Rounding errors of sums of a few hundred products of values below one.
static constexpr double kTolerance = 5e-6;

/// The largest magnitude in the channels that only fill the last block up.
static float paddingChannels(const Activation &y) {
  float largest = 0;
  for (int64_t n = 0; n < y.shape.images; ++n)
    for (int64_t c = y.shape.channels; c < y.blocks * kernel::kLanes; ++c)
      for (int64_t p = 0; p < y.shape.height; ++p)
        for (int64_t q = 0; q < y.shape.width; ++q)
          largest = std::max(largest, std::abs(y.at(n, c, p, q)));
  return largest;
}

static bool sameBits(const Activation &a, const Activation &b) {
  for (int64_t n = 0; n < a.shape.images; ++n)
    for (int64_t c = 0; c < a.shape.channels; ++c)
      for (int64_t p = 0; p < a.shape.height; ++p)
        for (int64_t q = 0; q < a.shape.width; ++q)
          if (a.at(n, c, p, q) != b.at(n, c, p, q))
            return false;
  return true;
}

/// Every ISA must compute `test` right by `schedule`, and in the same bits.
static void check(ConvCase test, const plan::ConvSchedule &schedule) {
  std::vector<Activation> results;
  for (const x86::Target &target : hostTargets()) {
    INFO(nameOf(target.isa) << ", tile " << schedule.ocBlocks << " x " << schedule.rows << " x " << schedule.columns);
    LoadedKernel kernel(test.spec(schedule), target);
    for (bool inPieces : {false, true}) {
      Activation result = test.run(kernel, inPieces);
      CHECK(relativeError(result, test.want()) < kTolerance);
      CHECK(result.checkBorders() == "");
      CHECK(paddingChannels(result) == 0);
      results.push_back(std::move(result));
      CHECK(sameBits(results.front(), results.back()));
    }
  }
}

TEST_CASE("conv: 3x3 with halo, bias and relu, a row no tile divides") {
  ConvCaseShape shape{.images = 2, .channels = 32, .height = 5, .width = 11, .halo = 1};
  shape.roots = {{.channels = 32, .kernelHeight = 3, .kernelWidth = 3, .padding = 1}};
  shape.bias = true;
  shape.epilogue = {Relu};
  ConvCase test(shape);
  check(test, {2, 1, 4, {2, 1}});
  check(test, {1, 2, 3, {2}});
  check(test, {2, 3, 8, {2, 1}});
  check(test, {1, 1, 1, {}});
}

TEST_CASE("conv: a picture of one pixel") {
  ConvCaseShape shape{.channels = 16, .height = 1, .width = 1, .halo = 2};
  shape.roots = {{.channels = 16, .kernelHeight = 3, .kernelWidth = 3, .padding = 1, .extraHalo = 1}};
  check(ConvCase(shape), {1, 1, 1, {}});
  check(ConvCase(shape), {1, 4, 6, {3, 1}});
}

TEST_CASE("conv: strides 2 and 3, kernels 1 to 7, rectangular ones too") {
  auto [kernelHeight, kernelWidth, stride] =
      GENERATE(std::tuple<int, int, int>(1, 1, 2), std::tuple<int, int, int>(2, 2, 2), std::tuple<int, int, int>(3, 3, 2),
               std::tuple<int, int, int>(4, 1, 3), std::tuple<int, int, int>(1, 5, 1), std::tuple<int, int, int>(6, 3, 3),
               std::tuple<int, int, int>(7, 7, 2));
  CAPTURE(kernelHeight, kernelWidth, stride);
  ConvCaseShape shape{.images = 2, .channels = 16, .height = 4, .width = 5, .halo = 0};
  shape.roots = {{.channels = 16, .kernelHeight = kernelHeight, .kernelWidth = kernelWidth, .stride = stride}};
  shape.roots[0].padding = std::min(kernelHeight, kernelWidth) / 2;
  check(ConvCase(shape), {1, 1, 4, {2, 1}});
  check(ConvCase(shape), {1, 3, 2, {1}});
}

TEST_CASE("conv: 17 and 33 channels leave zeros in the padding channels") {
  ConvCaseShape shape{.images = 1, .channels = 33, .height = 3, .width = 6, .halo = 1};
  shape.roots = {{.channels = 17, .kernelHeight = 3, .kernelWidth = 3, .padding = 1}};
  shape.bias = true;
  shape.epilogue = {ScaleShift, Relu};
  check(ConvCase(shape), {3, 1, 4, {2}});
}

TEST_CASE("conv: planar inputs") {
  auto [channels, kernel, stride] = GENERATE(std::tuple<int, int, int>(3, 7, 2), std::tuple<int, int, int>(3, 3, 1),
                                             std::tuple<int, int, int>(1, 1, 1), std::tuple<int, int, int>(5, 4, 3));
  CAPTURE(channels, kernel, stride);
  ConvCaseShape shape{.images = 2, .channels = 64, .height = 5, .width = 7, .halo = 1};
  shape.roots = {{.channels = channels,
                  .kernelHeight = kernel,
                  .kernelWidth = kernel,
                  .stride = stride,
                  .padding = kernel / 2,
                  .planar = true}};
  shape.bias = true;
  check(ConvCase(shape), {4, 1, 4, {2, 1}});
  check(ConvCase(shape), {2, 2, 3, {1}});
}

TEST_CASE("conv: two roots of different kernels and strides in the same accumulators") {
  ConvCaseShape shape{.images = 2, .channels = 32, .height = 5, .width = 7, .halo = 1};
  shape.roots = {{.channels = 32, .kernelHeight = 3, .kernelWidth = 3, .stride = 1, .padding = 1},
                 {.channels = 16, .kernelHeight = 1, .kernelWidth = 1, .stride = 2, .padding = 0, .extraHalo = 1}};
  shape.bias = true;
  shape.epilogue = {Relu};
  check(ConvCase(shape), {2, 1, 7, {}});
  check(ConvCase(shape), {2, 2, 3, {1}});
}

TEST_CASE("conv: a chain of two adds, scales and relu, the first add in place") {
  for (bool inPlace : {false, true}) {
    ConvCaseShape shape{.images = 3, .channels = 32, .height = 4, .width = 9, .halo = 2};
    shape.roots = {{.channels = 16, .kernelHeight = 1, .kernelWidth = 1}};
    shape.epilogue = {Add, ScaleShift, Relu, Add, ScaleShift};
    shape.addInPlace = inPlace;
    check(ConvCase(shape), {2, 3, 4, {1}});
  }
}

TEST_CASE("conv: what follows the gradient of an input") {
  for (const kernel::Epilogue &chain : {kernel::Epilogue{Add, ReluGradInput}, {ReluGradInput, ScaleAdd, ScaleChannels}}) {
    ConvCaseShape shape{.images = 2, .channels = 40, .height = 4, .width = 9, .halo = 1};
    shape.roots = {{.channels = 16, .kernelHeight = 3, .kernelWidth = 3, .padding = 1}};
    shape.epilogue = chain;
    check(ConvCase(shape), {1, 2, 4, {1}});
  }
}

TEST_CASE("conv: linear layers, images as columns") {
  int64_t images = GENERATE(1, 2, 5, 16);
  CAPTURE(images);
  ConvCaseShape shape{.images = images, .channels = 48, .height = 1, .width = 1, .halo = 0};
  shape.roots = {{.channels = 40}};
  shape.bias = true;
  shape.epilogue = {Add, Relu};
  shape.imagesAreColumns = true;
  check(ConvCase(shape), {3, 1, 4, {2, 1}});
}

TEST_CASE("conv: images as columns of a padded 3x3 convolution to one pixel") {
  ConvCaseShape shape{.images = 7, .channels = 16, .height = 1, .width = 1, .halo = 0};
  shape.roots = {{.channels = 32, .kernelHeight = 3, .kernelWidth = 3, .stride = 2, .padding = 1}};
  shape.imagesAreColumns = true;
  check(ConvCase(shape), {1, 1, 3, {1}});
  shape.roots[0].planar = true;
  check(ConvCase(shape), {1, 1, 3, {1}});
}

TEST_CASE("conv: NaN in, NaN out, through relu") {
  ConvCaseShape shape{.images = 1, .channels = 16, .height = 1, .width = 1, .halo = 0};
  shape.bias = true;
  shape.epilogue = {Relu};
  for (const x86::Target &target : hostTargets()) {
    ConvCase test(shape);
    LoadedKernel kernel(test.spec({1, 1, 1, {}}), target);
    std::vector<float> x(16, std::numeric_limits<float>::quiet_NaN()), w(256, 1.0f), bias(16), y(16);
    kernel.run({x.data(), w.data(), bias.data(), y.data()}, {1, 1, 1, 1, 16, 16, 16, 16, 0, 1, 16, 16, 16, 16, 0});
    CHECK(std::isnan(y[0]));
    CHECK(std::isnan(y[15]));
  }
}

TEST_CASE("conv: random shapes, and the first schedules of each, give one answer") {
  unsigned seed = GENERATE(range(1u, 9u));
  std::mt19937 random(seed);
  auto draw = [&](int64_t from, int64_t to) { return std::uniform_int_distribution<int64_t>(from, to)(random); };
  ConvCaseShape shape{
      .images = draw(1, 3), .channels = draw(1, 70), .height = draw(1, 9), .width = draw(1, 19), .halo = draw(0, 2)};
  ConvCaseRoot &root = shape.roots[0];
  root = {.channels = draw(1, 40), .kernelHeight = draw(1, 4), .kernelWidth = draw(1, 4), .stride = draw(1, 3)};
  root.padding = draw(0, std::min(root.kernelHeight, root.kernelWidth) - 1);
  root.planar = draw(0, 2) == 0;
  shape.bias = draw(0, 1) == 1;
  shape.epilogue = {Add, Relu};
  shape.addInPlace = draw(0, 1) == 1;
  CAPTURE(seed, shape.channels, shape.height, shape.width, root.channels, root.kernelHeight, root.kernelWidth, root.stride);

  ConvCase test(shape, seed);
  std::vector<Activation> results;
  for (const x86::Target &target : hostTargets()) {
    std::vector<plan::ConvSchedule> schedules = plan::convSchedules(test.planShape(), target.isa);
    for (size_t i = 0; i < schedules.size(); i += 4) {
      LoadedKernel kernel(test.spec(schedules[i]), target);
      results.push_back(test.run(kernel, i > 0));
      CHECK(relativeError(results.back(), test.want()) < kTolerance);
      CHECK(results.back().checkBorders() == "");
      CHECK(sameBits(results.front(), results.back()));
    }
  }
}
