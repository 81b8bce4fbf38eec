// Gradients of poolings and subsampling against their definitions.
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
                                             {.images = 1, .channels = 40, .height = 4, .width = 13}};

TEST_CASE("gradient of a global average pool") {
  std::mt19937 random(1);
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel kernel(GlobalAvgPoolGradSpec{}, target);
    for (const Shape &shape : kPictures) {
      Activation dy = randomActivation({.images = shape.images, .channels = shape.channels}, random), out(shape);
      INFO(nameOf(target.isa) << ", " << describe(shape));
      kernel.runInPieces({dy.origin(), out.origin()}, {shape.images, out.blocks, shape.height, shape.width, dy.image, out.image,
                                                       out.block, out.row, shape.halo});
      std::vector<double> want = generate(shape, [&](int64_t n, int64_t c, int64_t, int64_t) {
        return dy.at(n, c, 0, 0) / double(shape.height * shape.width);
      });
      CHECK(relativeError(out, want) < 1e-7);
      CHECK(checkSurroundings(out) == "");
    }
  }
}

TEST_CASE("gradient of a subsampling") {
  std::mt19937 random(2);
  for (const x86::Target &target : hostTargets())
    for (int64_t stride : {1, 2, 3}) {
      LoadedKernel kernel(SpreadSpec{stride}, target);
      for (const Shape &shape : kPictures) {
        Activation dy = randomActivation({.images = shape.images,
                                          .channels = shape.channels,
                                          .height = (shape.height - 1) / stride + 1,
                                          .width = (shape.width - 1) / stride + 1,
                                          .halo = 1},
                                         random),
                   out(shape);
        INFO(nameOf(target.isa) << ", stride " << stride << ", " << describe(shape));
        kernel.runInPieces({dy.origin(), out.origin()},
                           {shape.images, out.blocks, shape.height, shape.width, dy.shape.width, dy.image, dy.block, dy.row,
                            out.image, out.block, out.row, shape.halo});
        std::vector<double> want = generate(shape, [&](int64_t n, int64_t c, int64_t y, int64_t x) {
          return y % stride || x % stride ? 0.0 : dy.at(n, c, y / stride, x / stride);
        });
        CHECK(relativeError(out, want) == 0.0);
        CHECK(checkSurroundings(out) == "");
      }
    }
}

namespace {

/// The gradient of one max pooling.
struct PoolCase {
  PoolCase(const MaxPoolGradSpec &spec, const Shape &shape, std::mt19937 &random)
      : spec(spec), x(randomActivation(shape, random)), dy(randomActivation(dyShape(), random)) {}

  static int64_t outputs(int64_t size, int64_t kernel, int64_t stride, int64_t padding) {
    int64_t room = size + 2 * padding - kernel;
    return room < 0 ? 0 : room / stride + 1;
  }
  Shape dyShape() const {
    return {x.shape.images, x.shape.channels, outputs(x.shape.height, spec.kernelHeight, spec.strideRows, spec.top),
            outputs(x.shape.width, spec.kernelWidth, spec.strideColumns, spec.left), 1};
  }

  void run(const LoadedKernel &kernel, Activation &out) {
    const Shape &s = x.shape, &d = dy.shape;
    kernel.runInPieces({dy.origin(), x.origin(), out.origin()},
                       {s.images, x.blocks, 1, d.height, d.width, s.height, s.width, dy.image, dy.block, dy.row, x.image,
                        x.block, x.row, out.image, out.block, out.row, out.shape.halo});
  }

  /// The place of the first maximum of a window, as row * width + column.
  int64_t placeOf(int64_t n, int64_t c, int64_t p, int64_t q) const {
    int64_t best = -1;
    float largest = 0;
    int64_t top = p * spec.strideRows - spec.top, left = q * spec.strideColumns - spec.left;
    for (int64_t y = top; y < top + spec.kernelHeight; ++y)
      for (int64_t column = left; column < left + spec.kernelWidth; ++column) {
        if (y < 0 || y >= x.shape.height || column < 0 || column >= x.shape.width)
          continue;
        float value = x.at(n, c, y, column);
        if (best < 0 || value > largest || (std::isnan(value) && !std::isnan(largest))) {
          best = y * x.shape.width + column;
          largest = value;
        }
      }
    return best;
  }

  std::vector<double> want() const {
    std::vector<double> sums(x.shape.images * x.shape.channels * x.shape.height * x.shape.width);
    for (int64_t n = 0; n < dy.shape.images; ++n)
      for (int64_t c = 0; c < dy.shape.channels; ++c)
        for (int64_t p = 0; p < dy.shape.height; ++p)
          for (int64_t q = 0; q < dy.shape.width; ++q)
            sums[(n * x.shape.channels + c) * x.shape.height * x.shape.width + placeOf(n, c, p, q)] += dy.at(n, c, p, q);
    return sums;
  }

  MaxPoolGradSpec spec;
  Activation x, dy;
};

} // namespace

TEST_CASE("gradient of a max pool") {
  std::mt19937 random(3);
  for (const x86::Target &target : hostTargets())
    for (const MaxPoolGradSpec &spec : {MaxPoolGradSpec{3, 3, 2, 2, 1, 1},
                                        {3, 3, 2, 2},
                                        {2, 2, 2, 2},
                                        {3, 3, 1, 1, 2, 2},
                                        {2, 2, 3, 3, 1, 1},
                                        {1, 1, 1, 1},
                                        {3, 2, 1, 2, 1, 0},
                                        {1, 4, 2, 1, 0, 2}}) {
      LoadedKernel kernel(spec, target);
      for (const Shape &shape : kPictures) {
        PoolCase test(spec, shape, random);
        if (test.dy.shape.height == 0 || test.dy.shape.width == 0)
          continue;
        Activation out(shape);
        INFO(nameOf(target.isa) << ", kernel " << spec.kernelHeight << " x " << spec.kernelWidth << ", stride "
                                << spec.strideRows << " x " << spec.strideColumns << ", " << describe(shape));
        test.run(kernel, out);
        CHECK(relativeError(out, test.want()) < 1e-6);
        CHECK(checkSurroundings(out) == "");
      }
    }
}

TEST_CASE("gradient of a max pool: of equal values the first, of NaN too, and minus infinity is a value") {
  const float special[] = {0, 1, -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()};
  std::mt19937 random(4);
  for (const x86::Target &target : hostTargets())
    for (const MaxPoolGradSpec &spec : {MaxPoolGradSpec{3, 3, 2, 2, 1, 1}, {2, 2, 1, 1, 1, 1}, {2, 3, 1, 2, 0, 1}}) {
      LoadedKernel kernel(spec, target);
      for (int run = 0; run < 10; ++run) {
        const Shape shape = {.images = 2, .channels = 20, .height = 6, .width = 7, .halo = 1};
        PoolCase test(spec, shape, random);
        for (int64_t n = 0; n < shape.images; ++n)
          for (int64_t c = 0; c < shape.channels; ++c)
            for (int64_t y = 0; y < shape.height; ++y)
              for (int64_t x = 0; x < shape.width; ++x)
                test.x.at(n, c, y, x) = special[random() % (run < 5 ? 3 : 4)];
        Activation out(shape);
        test.run(kernel, out);
        CHECK(relativeError(out, test.want()) < 1e-6);
      }
    }
}

TEST_CASE("gradient of a max pool: a gradient that is not finite goes to its place and no other") {
  std::mt19937 random(5);
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel kernel(MaxPoolGradSpec{3, 3, 2, 2, 1, 1}, target);
    for (float special : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
      PoolCase test({3, 3, 2, 2, 1, 1}, {.images = 2, .channels = 20, .height = 6, .width = 7}, random);
      test.dy.at(1, 17, 1, 2) = special;
      Activation out(test.x.shape);
      test.run(kernel, out);
      CHECK(firstUnlike(out, test.want()) == "");
      CHECK(checkSurroundings(out) == "");
    }
  }
}
