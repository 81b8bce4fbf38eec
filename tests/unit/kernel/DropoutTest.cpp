// Dropout by its definition, of draws of the runtime's Philox.
#include "runtime/training/Draws.h"
#include "tests/unit/kernel/Cases.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace skip;
using namespace skip::kernel;
using namespace skip::testing;

static const std::vector<Shape> kPictures = {{.images = 1, .channels = 3, .height = 1, .width = 1},
                                             {.images = 2, .channels = 17, .height = 5, .width = 7, .halo = 1},
                                             {.images = 3, .channels = 16, .height = 8, .width = 6, .halo = 3},
                                             {.images = 5, .channels = 300, .height = 1, .width = 1}};

static bool isDropped(uint32_t index, uint32_t draw, uint32_t layer, double rate) {
  return runtime::philox({index, 0, 0, 0}, {draw, layer})[0] < std::floor(rate * 0x1p32);
}

static std::vector<int32_t> drawsOf(int64_t images) {
  std::vector<int32_t> draws;
  for (int64_t image = 0; image < images; ++image)
    draws.push_back(static_cast<int32_t>(runtime::drawOf({.seed = 7, .step = uint64_t{1} << 33, .group = 2}, image)));
  return draws;
}

static void apply(const LoadedKernel &kernel, Activation &x, std::vector<int32_t> &draws, int64_t layer, Activation &y) {
  const Shape &shape = x.shape;
  kernel.runInPieces({x.origin(), draws.data(), y.origin()}, {shape.images, y.blocks, shape.height, shape.width, layer, x.image,
                                                              x.block, x.row, y.image, y.block, y.row, y.shape.halo});
}

TEST_CASE("dropout drops what its draws say, and scales the rest") {
  std::mt19937 random(1);
  for (const x86::Target &target : hostTargets())
    for (double rate : {0.0, 0.2, 0.5, 0.875}) {
      LoadedKernel kernel(DropoutSpec{rate}, target);
      for (const Shape &shape : kPictures) {
        Activation x = randomActivation({shape.images, shape.channels, shape.height, shape.width, 1}, random), y(shape);
        std::vector<int32_t> draws = drawsOf(shape.images);
        INFO(nameOf(target.isa) << ", rate " << rate << ", " << describe(shape));
        apply(kernel, x, draws, 3, y);
        std::vector<double> want = generate(shape, [&](int64_t n, int64_t c, int64_t row, int64_t column) {
          auto index = static_cast<uint32_t>((c * shape.height + row) * shape.width + column);
          bool drops = isDropped(index, static_cast<uint32_t>(draws[static_cast<size_t>(n)]), 3, rate);
          return drops ? 0.0 : x.at(n, c, row, column) / (1 - rate);
        });
        CHECK(relativeError(y, want) < 1.3e-7);
        CHECK(checkSurroundings(y) == "");
      }
    }
}

TEST_CASE("dropout drops as many as its rate says, and others in each layer and image") {
  Shape shape{.images = 2, .channels = 64, .height = 20, .width = 20};
  Activation x(shape), y(shape), other(shape);
  std::mt19937 random(1);
  x = randomActivation(shape, random);
  std::vector<int32_t> draws = drawsOf(2);
  LoadedKernel kernel(DropoutSpec{0.3}, hostTargets().back());
  apply(kernel, x, draws, 0, y);
  apply(kernel, x, draws, 1, other);
  double count = 64 * 400, dropped = 0, inLayers = 0, inImages = 0;
  for (int64_t c = 0; c < 64; ++c)
    for (int64_t row = 0; row < 20; ++row)
      for (int64_t column = 0; column < 20; ++column) {
        bool isGone = y.at(0, c, row, column) == 0;
        dropped += isGone;
        inLayers += isGone && other.at(0, c, row, column) == 0;
        inImages += isGone && y.at(1, c, row, column) == 0;
      }
  double sigma = std::sqrt(0.3 * 0.7 * count), ofBoth = std::sqrt(0.09 * 0.91 * count);
  CHECK(std::abs(dropped - 0.3 * count) < 5 * sigma);
  CHECK(std::abs(inLayers - 0.09 * count) < 5 * ofBoth);
  CHECK(std::abs(inImages - 0.09 * count) < 5 * ofBoth);
}

TEST_CASE("dropout lets through what is no number, unless it drops it") {
  Shape shape{.images = 1, .channels = 64};
  std::mt19937 random(1);
  Activation x = randomActivation(shape, random), y(shape);
  std::vector<int32_t> draws = drawsOf(1);
  for (int64_t c = 0; c < 64; ++c)
    x.at(0, c, 0, 0) = std::numeric_limits<float>::quiet_NaN();
  for (const x86::Target &target : hostTargets()) {
    apply(LoadedKernel(DropoutSpec{0.5}, target), x, draws, 0, y);
    for (int64_t c = 0; c < 64; ++c)
      CHECK((isDropped(static_cast<uint32_t>(c), static_cast<uint32_t>(draws[0]), 0, 0.5) ? y.at(0, c, 0, 0) == 0
                                                                                          : std::isnan(y.at(0, c, 0, 0))));
  }
}
