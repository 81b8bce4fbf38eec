// Infinities and NaN in the input (docs/numerics.md): where they must appear, and where they must not.
#include "tests/unit/kernel/Cases.h"
#include "tests/unit/kernel/ConvCase.h"
#include "tests/unit/kernel/WinogradCase.h"

#include "ir/plan/x86/Strassen.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace skip;
using namespace skip::testing;
using enum kernel::EpilogueOp;

static constexpr float kInfinity = std::numeric_limits<float>::infinity();
static const float kSpecials[] = {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN()};

using Place = std::array<int64_t, 4>;

/// Each of `places` of the first root holds each special value in turn, in a convolution by `schedule`.
static void checkDirect(const ConvCaseShape &shape, const plan::ConvSchedule &schedule, const std::vector<Place> &places) {
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel kernel(ConvCase(shape).spec(schedule), target);
    for (const Place &place : places)
      for (float special : kSpecials) {
        ConvCase test(shape);
        test.setInput(0, place, special);
        Activation result = test.run(kernel, true);
        INFO(nameOf(target.isa) << ", " << special << " at image " << place[0] << ", channel " << place[1] << ", " << place[2]
                                << ", " << place[3]);
        CHECK(firstUnlike(result, test.want()) == "");
        CHECK(checkSurroundings(result) == "");
      }
  }
}

TEST_CASE("not finite: a direct convolution, just where the definition says, not in channels that do not exist") {
  ConvCaseShape shape{.images = 2, .channels = 17, .height = 5, .width = 7, .halo = 1};
  shape.bias = true;
  shape.epilogue = {Relu};
  const std::vector<Place> places = {{0, 0, 0, 0}, {0, 2, 2, 3}, {1, 1, 4, 6}};
  shape.roots = {{.channels = 3, .kernelHeight = 3, .kernelWidth = 3, .padding = 1, .planar = true}};
  checkDirect(shape, {1, 2, 3, {1}}, places);
  shape.roots = {{.channels = 20, .kernelHeight = 3, .kernelWidth = 3, .padding = 1}, {.channels = 16}};
  checkDirect(shape, {2, 1, 4, {2, 1}}, places);
  shape.epilogue = {Add, ScaleShift, Relu};
  checkDirect(shape, {1, 1, 5, {2}}, places);
}

TEST_CASE("not finite: a linear layer, in the images that hold it") {
  ConvCaseShape shape{.images = 5, .channels = 10};
  shape.roots = {{.channels = 35}};
  shape.imagesAreColumns = true;
  checkDirect(shape, {1, 1, 4, {1}}, {{0, 0, 0, 0}, {3, 34, 0, 0}});
}

TEST_CASE("not finite: a chain of convolutions of one channel keeps infinity") {
  ConvCaseShape shape{.images = 1, .channels = 1, .height = 6, .width = 6};
  shape.roots = {{.channels = 1, .planar = true}};
  checkDirect(shape, {1, 1, 6, {}}, {{0, 0, 3, 3}});
  shape.roots = {{.channels = 1}};
  checkDirect(shape, {1, 1, 6, {}}, {{0, 0, 3, 3}});
}

TEST_CASE("not finite: Winograd's tiles never hide it, and spread it no further than their windows") {
  for (bool fused : {false, true}) {
    WinogradCaseShape shape{.images = 2, .inChannels = 20, .outChannels = 18, .height = 13, .width = 13, .halo = 1};
    shape.bias = true;
    shape.epilogue = {Relu};
    WinogradChoice choice{4, 6, {2, 1, 6, {}}, fused};
    for (const x86::Target &target : hostTargets()) {
      LoadedKernel input(WinogradCase::inputSpec(shape, choice), target), conv(WinogradCase::convSpec(shape, choice), target);
      for (const Place &place : {Place{0, 0, 0, 0}, Place{1, 19, 6, 7}, Place{1, 3, 12, 12}})
        for (float special : kSpecials) {
          WinogradCase test(shape);
          test.setInput(place, special);
          WinogradCase::Buffers buffers = test.buffers(choice);
          if (!fused)
            test.runInput(input, choice, buffers);
          test.runConv(conv, choice, buffers);
          auto mixes = [&](int64_t n, int64_t y, int64_t x) { // a window of 6 x 6 around the tile holds the place
            auto reaches = [&](int64_t out, int64_t in) { return in >= out / 4 * 4 - 1 && in <= out / 4 * 4 + 4; };
            return n == place[0] && reaches(y, place[2]) && reaches(x, place[3]);
          };
          INFO(nameOf(target.isa) << (fused ? ", fused, " : ", ") << special << " at " << place[2] << ", " << place[3]);
          CHECK(firstUnlike(buffers.result, test.want(), mixes) == "");
          CHECK(checkSurroundings(buffers.result) == "");
        }
    }
  }
}

TEST_CASE("not finite: Strassen's units never hide it, and keep it in its image") {
  ConvCaseShape shape{.images = 2, .channels = 32, .height = 8, .width = 12, .halo = 1};
  shape.roots = {{.channels = 64}};
  shape.bias = true;
  const plan::ConvSchedule schedule{1, 2, 4, {}, 2};
  for (const x86::Target &target : hostTargets()) {
    if (!plan::isLegal(schedule, ConvCase(shape).planShape(), target.isa))
      continue; // too few registers
    LoadedKernel kernel(ConvCase(shape).spec(schedule), target);
    for (const Place &place : {Place{0, 0, 0, 0}, Place{1, 63, 5, 11}})
      for (float special : kSpecials) {
        ConvCase test(shape);
        test.setInput(0, place, special);
        Activation result = test.run(kernel, true);
        INFO(nameOf(target.isa) << ", " << special << " at " << place[2] << ", " << place[3]);
        CHECK(firstUnlike(result, test.want(), [&](int64_t n, int64_t, int64_t) { return n == place[0]; }) == "");
      }
  }
}

TEST_CASE("not finite: the mean over a picture") {
  const Activation::Shape shape = {.images = 2, .channels = 17, .height = 5, .width = 7, .halo = 1};
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel kernel(kernel::GlobalAvgPoolSpec{}, target);
    for (float special : kSpecials) {
      std::mt19937 random(1);
      Activation in = randomActivation(shape, random), out({.images = shape.images, .channels = shape.channels});
      in.at(1, 16, 4, 5) = special;
      std::vector<double> want = generate(out.shape, [&](int64_t n, int64_t c, int64_t, int64_t) {
        double sum = 0;
        for (int64_t y = 0; y < shape.height; ++y)
          for (int64_t x = 0; x < shape.width; ++x)
            sum += in.at(n, c, y, x);
        return sum / double(shape.height * shape.width);
      });
      kernel.run({in.origin(), out.origin()},
                 {shape.images, in.blocks, 1, shape.height, shape.width, in.image, in.block, in.row, out.image});
      INFO(nameOf(target.isa) << ", " << special);
      CHECK(firstUnlike(out, want) == "");
      CHECK(checkSurroundings(out) == "");
    }
  }
}

/// Infinity less itself is NaN, and one NaN makes the sum of all classes NaN; minus infinity is a class of probability 0.
TEST_CASE("not finite: softmax, of the image that holds it alone") {
  const Activation::Shape shape = {.images = 2, .channels = 21};
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel kernel(kernel::SoftmaxSpec{}, target);
    for (int64_t channel : {0, 5, 20})
      for (float special : kSpecials) {
        std::mt19937 random(1);
        Activation in = randomActivation(shape, random), out(shape);
        in.at(1, channel, 0, 0) = special;
        std::vector<double> want = generate(shape, [&](int64_t n, int64_t c, int64_t, int64_t) {
          double sum = 0;
          for (int64_t other = 0; other < shape.channels; ++other)
            sum += std::exp(double(in.at(n, other, 0, 0)));
          return n == 1 && special != -kInfinity ? NAN : std::exp(double(in.at(n, c, 0, 0))) / sum;
        });
        kernel.run({in.origin(), out.origin()}, {shape.images, 1, 1, shape.channels, in.image, out.image});
        INFO(nameOf(target.isa) << ", " << special << " in class " << channel);
        CHECK(firstUnlike(out, want) == "");
        CHECK(checkSurroundings(out) == "");
      }
  }
}
