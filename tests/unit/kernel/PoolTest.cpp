// Poolings against their definitions in double precision.
#include "tests/unit/kernel/Cases.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace skip;
using namespace skip::kernel;
using namespace skip::testing;

/// The picture that a pooling reads no further than `top` and `left` beyond; below and to the right as far.
struct Padding {
  int64_t top, left;
};

static int64_t pooledSize(int64_t size, int64_t kernel, int64_t stride, int64_t padding) {
  int64_t room = size + 2 * padding - kernel;
  return room < 0 ? 0 : room / stride + 1;
}

static Shape pooledShape(const Shape &in, const MaxPoolSpec &spec, const Padding &pad, int64_t halo) {
  return {in.images, in.channels, pooledSize(in.height, spec.kernelHeight, spec.strideRows, pad.top),
          pooledSize(in.width, spec.kernelWidth, spec.strideColumns, pad.left), halo};
}

static std::vector<double> expectedMax(const Activation &in, const Shape &out, const MaxPoolSpec &spec, const Padding &pad) {
  return generate(out, [&](int64_t n, int64_t c, int64_t p, int64_t q) {
    double best = -std::numeric_limits<double>::infinity();
    int64_t top = p * spec.strideRows - pad.top, left = q * spec.strideColumns - pad.left;
    for (int64_t y = top; y < top + spec.kernelHeight; ++y)
      for (int64_t x = left; x < left + spec.kernelWidth; ++x)
        if (y >= 0 && y < in.shape.height && x >= 0 && x < in.shape.width)
          best = std::isnan(best) || std::isnan(in.at(n, c, y, x)) ? NAN : std::max<double>(best, in.at(n, c, y, x));
    return best;
  });
}

static std::vector<int64_t> maxPoolParams(const Activation &in, const Activation &out, const Padding &pad) {
  return {out.shape.images, out.blocks, out.shape.height, out.shape.width, in.shape.height, in.shape.width, in.image, in.block,
          in.row,           out.image,  out.block,        out.row,         out.shape.halo,  pad.top,        pad.left};
}

/// A picture without zeros, so that a halo which takes part in a maximum shows.
static Activation negativePicture(const Shape &shape, std::mt19937 &random) {
  Activation picture = randomActivation(shape, random);
  for (int64_t n = 0; n < shape.images; ++n)
    for (int64_t c = 0; c < shape.channels; ++c)
      for (int64_t y = 0; y < shape.height; ++y)
        for (int64_t x = 0; x < shape.width; ++x)
          picture.at(n, c, y, x) -= 2;
  return picture;
}

static const std::vector<Shape> kPictures = {{.images = 1, .channels = 3, .height = 1, .width = 1},
                                             {.images = 2, .channels = 17, .height = 2, .width = 3, .halo = 1},
                                             {.images = 1, .channels = 16, .height = 7, .width = 14, .halo = 3},
                                             {.images = 3, .channels = 35, .height = 12, .width = 11},
                                             {.images = 1, .channels = 16, .height = 4, .width = 33}};

TEST_CASE("max pool") {
  std::mt19937 random(1);
  const std::vector<MaxPoolSpec> specs = {{3, 3, 2, 2}, {2, 2, 2, 2}, {3, 3, 1, 1}, {2, 2, 3, 3}, {5, 5, 3, 3},
                                          {1, 1, 1, 1}, {3, 2, 2, 1}, {1, 4, 1, 3}, {5, 1, 2, 2}, {2, 3, 1, 2}};
  for (const x86::Target &target : hostTargets())
    for (const MaxPoolSpec &spec : specs) {
      LoadedKernel kernel(spec, target);
      for (const Shape &shape : kPictures)
        for (int64_t padding = 0; padding < std::max(spec.kernelHeight, spec.kernelWidth); ++padding)
          for (int64_t halo : {0, 1, 3}) {
            Padding pad{std::min(padding, spec.kernelHeight - 1), std::min(padding, spec.kernelWidth - 1)};
            Shape pooled = pooledShape(shape, spec, pad, halo);
            if (pooled.height == 0 || pooled.width == 0)
              continue;
            Activation in = negativePicture(shape, random), out(pooled);
            INFO(nameOf(target.isa) << ", kernel " << spec.kernelHeight << " x " << spec.kernelWidth << ", stride "
                                    << spec.strideRows << " x " << spec.strideColumns << ", padding " << padding << ", "
                                    << describe(shape) << " to halo " << halo);
            kernel.runInPieces({in.origin(), out.origin()}, maxPoolParams(in, out, pad));
            CHECK(relativeError(out, expectedMax(in, out.shape, spec, pad)) == 0.0);
            CHECK(checkSurroundings(out) == "");
          }
    }
}

TEST_CASE("max pool: NaN anywhere in a window makes its maximum NaN, and no other's; infinities count as numbers") {
  const Shape shape = {.images = 2, .channels = 3, .height = 5, .width = 13};
  const float infinity = std::numeric_limits<float>::infinity();
  for (const x86::Target &target : hostTargets())
    for (const MaxPoolSpec &spec : {MaxPoolSpec{3, 3, 2, 2}, {2, 2, 2, 2}, {3, 3, 1, 1}, {3, 2, 1, 2}}) {
      LoadedKernel kernel(spec, target);
      for (float special : {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity})
        for (int64_t y = 0; y < shape.height; ++y)
          for (int64_t x = 0; x < shape.width; ++x) {
            std::mt19937 random(2);
            Activation in = negativePicture(shape, random), out(pooledShape(shape, spec, {1, 1}, 1));
            in.at(1, 2, y, x) = special;
            kernel.run({in.origin(), out.origin()}, maxPoolParams(in, out, {1, 1}));
            INFO(nameOf(target.isa) << ", " << special << " at " << y << ", " << x);
            CHECK(firstUnlike(out, expectedMax(in, out.shape, spec, {1, 1})) == "");
          }
    }
}

TEST_CASE("global average pool") {
  std::mt19937 random(3);
  std::vector<Shape> shapes = kPictures;
  shapes.push_back({.images = 2, .channels = 24, .height = 90, .width = 57, .halo = 1});
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel kernel(GlobalAvgPoolSpec{}, target);
    for (const Shape &shape : shapes) {
      Activation in = negativePicture(shape, random), out({.images = shape.images, .channels = shape.channels});
      std::vector<double> want = generate(out.shape, [&](int64_t n, int64_t c, int64_t, int64_t) {
        double sum = 0;
        for (int64_t y = 0; y < shape.height; ++y)
          for (int64_t x = 0; x < shape.width; ++x)
            sum += in.at(n, c, y, x);
        return sum / double(shape.height * shape.width);
      });
      INFO(nameOf(target.isa) << ", " << describe(shape));
      kernel.runInPieces({in.origin(), out.origin()},
                         {shape.images, in.blocks, 1, shape.height, shape.width, in.image, in.block, in.row, out.image});
      CHECK(relativeError(out, want) < 1e-6);
      CHECK(checkSurroundings(out) == "");
    }
  }
}
