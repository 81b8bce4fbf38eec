// Gradients of filters against their definition in double precision.
#include "tests/unit/kernel/Cases.h"

#include "codegen/x86/kernel/Lanes.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace skip;
using namespace skip::kernel;
using namespace skip::testing;

namespace {

/// How Winograd computes it: the unit in blocks.
struct Winograd {
  int64_t tile = 4, group = 16, outBlocks = 1, inBlocks = 1, parts = 1;
};

struct FilterCase {
  Shape dy;
  int64_t inChannels = 16;
  int64_t kernelHeight = 1, kernelWidth = 1, stride = 1, padding = 0, extraHalo = 0;
  bool planar = false, linear = false;
};

/// The operands of one case, and its gradient.
struct FilterGradient {
  explicit FilterGradient(const FilterCase &shape, unsigned seed = 1)
      : shape(shape), random(seed), dy(randomActivation(shape.dy, random)), x(randomActivation(inputShape(shape), random)),
        packed(dy.blocks * x.blocks * shape.kernelHeight * shape.kernelWidth * (shape.planar ? 1 : kLanes) * kLanes,
               std::numeric_limits<float>::quiet_NaN()) {}

  static Shape inputShape(const FilterCase &c) {
    auto size = [&](int64_t outputs, int64_t kernel) {
      return std::max<int64_t>(1, (outputs - 1) * c.stride + kernel - 2 * c.padding);
    };
    return {
        c.dy.images, c.inChannels, size(c.dy.height, c.kernelHeight), size(c.dy.width, c.kernelWidth), c.padding + c.extraHalo,
        c.planar};
  }

  GradFilterSpec spec(SkipIsa isa) const {
    GradFilterSpec spec{shape.kernelHeight, shape.kernelWidth, shape.stride, shape.planar, shape.linear, {}, {}};
    chooseGradFilterTile(spec, dy.blocks, x.blocks, isa);
    return spec;
  }

  void run(const LoadedKernel &kernel, const GradFilterSpec &spec) {
    const Shape &s = shape.dy;
    bool columns = shape.linear;
    kernel.runInPieces({dy.origin(), x.origin(), packed.data()},
                       {dy.blocks, x.blocks, spec.scalars(), columns ? 1 : s.images, s.height, columns ? s.images : s.width,
                        dy.image, dy.block, dy.row, columns ? dy.image : dy.pixel, x.image, x.block, x.row,
                        columns ? x.image : x.pixel, shape.padding, s.channels, shape.inChannels});
  }

  /// By Winograd, in parts that are then added.
  void run(const Winograd &how, const x86::Target &target) {
    WinogradGradFilterSpec spec{how.tile, how.group, how.outBlocks, how.inBlocks};
    chooseWinogradGradFilterTile(spec, target.isa);
    std::vector<float> parts(how.parts * packed.size(), std::numeric_limits<float>::quiet_NaN());
    const Shape &s = shape.dy;
    LoadedKernel(spec, target)
        .runInPieces({dy.origin(), x.origin(), parts.data()}, {how.parts * dy.blocks,
                                                               x.blocks,
                                                               1,
                                                               how.parts,
                                                               dy.blocks,
                                                               s.images,
                                                               (s.height + how.tile - 1) / how.tile,
                                                               (s.width + how.tile - 1) / how.tile,
                                                               s.height,
                                                               s.width,
                                                               dy.image,
                                                               dy.block,
                                                               dy.row,
                                                               x.shape.height,
                                                               x.shape.width,
                                                               x.image,
                                                               x.block,
                                                               x.row,
                                                               shape.padding,
                                                               s.channels,
                                                               shape.inChannels});
    int64_t pieces = dy.blocks * x.blocks, floats = int64_t(packed.size());
    LoadedKernel(SumPartsSpec{}, target)
        .runInPieces({parts.data(), packed.data()}, {1, pieces, 1, how.parts, floats / pieces / kLanes, floats});
  }

  double want(int64_t o, int64_t i, int64_t r, int64_t s) const {
    double sum = 0;
    for (int64_t n = 0; n < shape.dy.images; ++n)
      for (int64_t p = 0; p < shape.dy.height; ++p)
        for (int64_t q = 0; q < shape.dy.width; ++q) {
          int64_t row = p * shape.stride + r - shape.padding, column = q * shape.stride + s - shape.padding;
          if (row >= 0 && row < x.shape.height && column >= 0 && column < x.shape.width)
            sum += double(dy.at(n, o, p, q)) * x.at(n, i, row, column);
        }
    return sum;
  }

  float got(int64_t o, int64_t i, int64_t r, int64_t s) const {
    int64_t lanes = shape.planar ? 1 : kLanes, block = o / kLanes * x.blocks + i / lanes;
    return packed[(((block * shape.kernelHeight + r) * shape.kernelWidth + s) * lanes + i % lanes) * kLanes + o % kLanes];
  }

  void forEach(const std::function<void(int64_t o, int64_t i, int64_t r, int64_t s)> &body) const {
    for (int64_t o = 0; o < dy.blocks * kLanes; ++o)
      for (int64_t i = 0; i < (shape.planar ? x.blocks : x.blocks * kLanes); ++i)
        for (int64_t r = 0; r < shape.kernelHeight; ++r)
          for (int64_t s = 0; s < shape.kernelWidth; ++s)
            body(o, i, r, s);
  }

  bool exists(int64_t o, int64_t i) const { return o < shape.dy.channels && i < shape.inChannels; }

  /// The largest error over the largest gradient; infinite where padding is not zero.
  double error() const {
    double worst = 0, largest = 0;
    forEach([&](int64_t o, int64_t i, int64_t r, int64_t s) {
      double right = exists(o, i) ? want(o, i, r, s) : 0, difference = std::abs(got(o, i, r, s) - right);
      bool isWrong = std::isnan(difference) || (!exists(o, i) && difference != 0);
      worst = isWrong ? std::numeric_limits<double>::infinity() : std::max(worst, difference);
      largest = std::max(largest, std::abs(right));
    });
    return worst / largest;
  }

  FilterCase shape;
  std::mt19937 random;
  Activation dy, x;
  std::vector<float> packed;
};

} // namespace

static void check(const FilterCase &shape) {
  for (const x86::Target &target : hostTargets()) {
    FilterGradient test(shape);
    GradFilterSpec spec = test.spec(target.isa);
    test.run(LoadedKernel(spec, target), spec);
    INFO(nameOf(target.isa) << ", dy " << describe(shape.dy) << ", " << shape.inChannels << " channels"
                            << (shape.planar ? " planar" : "") << ", " << shape.kernelHeight << "x" << shape.kernelWidth << "/"
                            << shape.stride << ", tile " << spec.tile.blocks << " x " << spec.tile.rows << " x "
                            << spec.tile.scalars << ", unit " << spec.unit.outBlocks << " x " << spec.unit.inBlocks << " x "
                            << spec.unit.tiles);
    CHECK(test.error() < 2e-6);
  }
}

TEST_CASE("filter gradient: channels in blocks that are full and that are not") {
  for (auto [out, in] : {std::pair(16, 16), {64, 48}, {17, 5}, {40, 33}, {1, 1}, {48, 16}})
    check({.dy = {.images = 3, .channels = out, .height = 6, .width = 7, .halo = 1},
           .inChannels = in,
           .kernelHeight = 3,
           .kernelWidth = 3,
           .padding = 1});
}

TEST_CASE("filter gradient: kernels, strides and paddings") {
  for (auto [height, width] : {std::pair(1, 1), {2, 3}, {5, 5}, {7, 7}, {4, 2}})
    for (int64_t stride : {1, 2, 3})
      for (bool planar : {false, true})
        check({.dy = {.images = 2, .channels = 32, .height = 5, .width = 9},
               .inChannels = planar ? 3 : 20,
               .kernelHeight = height,
               .kernelWidth = width,
               .stride = stride,
               .padding = std::min(height, width) / 2,
               .extraHalo = stride - 1,
               .planar = planar});
}

TEST_CASE("filter gradient: pictures of more than one chunk, and of few pixels") {
  for (auto [images, height, width] : {std::tuple(1, 40, 11), {2, 13, 32}, {300, 1, 1}, {70, 2, 2}, {1, 1, 300}})
    check({.dy = {.images = images, .channels = 16, .height = height, .width = width},
           .inChannels = 16,
           .kernelHeight = 3,
           .kernelWidth = 3,
           .padding = 1});
}

TEST_CASE("filter gradient: linear layers") {
  for (int64_t images : {1, 5, 200})
    for (auto [out, in] : {std::pair(10, 64), {1000, 37}, {48, 16}})
      check({.dy = {.images = images, .channels = out}, .inChannels = in, .linear = true});
}

TEST_CASE("filter gradient: what is not finite is not lost, and no padding shows it") {
  const float infinity = std::numeric_limits<float>::infinity();
  const FilterCase shape{.dy = {.images = 2, .channels = 20, .height = 5, .width = 6},
                         .inChannels = 18,
                         .kernelHeight = 3,
                         .kernelWidth = 3,
                         .padding = 1};
  for (const x86::Target &target : hostTargets())
    for (float special : {infinity, std::numeric_limits<float>::quiet_NaN()})
      for (bool inGradient : {false, true}) {
        FilterGradient test(shape);
        (inGradient ? test.dy.at(1, 17, 0, 3) : test.x.at(1, 17, 0, 3)) = special;
        GradFilterSpec spec = test.spec(target.isa);
        test.run(LoadedKernel(spec, target), spec);
        int64_t lost = 0, spread = 0, padding = 0;
        test.forEach([&](int64_t o, int64_t i, int64_t r, int64_t s) {
          float got = test.got(o, i, r, s);
          if (!test.exists(o, i))
            padding += got == 0 ? 0 : 1;
          else if (!std::isfinite(test.want(o, i, r, s)))
            lost += std::isfinite(got) ? 1 : 0;
          else if (!inGradient || o != 17) // an infinite gradient meets the zeros around the picture
            spread += std::isfinite(got) ? 0 : 1;
        });
        INFO(nameOf(target.isa) << ", " << special << (inGradient ? " in dy" : " in x"));
        CHECK(lost == 0);
        CHECK(spread == 0);
        CHECK(padding == 0);
      }
}

static void checkWinograd(const FilterCase &shape, const Winograd &how) {
  for (const x86::Target &target : hostTargets()) {
    FilterGradient test(shape);
    test.run(how, target);
    INFO(nameOf(target.isa) << ", dy " << describe(shape.dy) << ", " << shape.inChannels << " channels, padding "
                            << shape.padding << ", tile " << how.tile << ", groups of " << how.group << ", unit "
                            << how.outBlocks << " x " << how.inBlocks << ", " << how.parts << " parts");
    CHECK(test.error() < 5e-6);
  }
}

TEST_CASE("filter gradient by Winograd: tiles that fit the picture and that do not, of every size") {
  for (int64_t tile : {2, 3, 4})
    for (auto [height, width] : {std::pair(8, 12), {7, 7}, {5, 9}, {1, 1}, {3, 2}})
      for (int64_t padding : {0, 1, 2})
        if (std::min(height, width) + 2 > 2 * padding)
          checkWinograd({.dy = {.images = 3, .channels = 16, .height = height, .width = width, .halo = 1},
                         .inChannels = 16,
                         .kernelHeight = 3,
                         .kernelWidth = 3,
                         .padding = padding,
                         .extraHalo = padding},
                        {.tile = tile, .group = 8, .outBlocks = 1, .inBlocks = 1});
}

TEST_CASE("filter gradient by Winograd: units of several blocks, and channels that do not fill theirs") {
  for (auto [out, in, outBlocks, inBlocks] :
       {std::tuple(64, 48, 4, 1), {64, 48, 2, 3}, {96, 16, 3, 1}, {17, 5, 1, 1}, {40, 33, 3, 3}})
    checkWinograd({.dy = {.images = 2, .channels = out, .height = 6, .width = 7},
                   .inChannels = in,
                   .kernelHeight = 3,
                   .kernelWidth = 3,
                   .padding = 1},
                  {.tile = 4, .group = 4, .outBlocks = outBlocks, .inBlocks = inBlocks});
}

TEST_CASE("filter gradient by Winograd: parts, of which some have no images") {
  for (int64_t images : {1, 3, 8, 11})
    for (int64_t parts : {2, 4, 16})
      checkWinograd({.dy = {.images = images, .channels = 32, .height = 9, .width = 8},
                     .inChannels = 16,
                     .kernelHeight = 3,
                     .kernelWidth = 3,
                     .padding = 1},
                    {.tile = 4, .group = 12, .outBlocks = 2, .inBlocks = 1, .parts = parts});
}

TEST_CASE("filter gradient by Winograd: what is not finite is not lost, and no padding shows it") {
  const float infinity = std::numeric_limits<float>::infinity();
  const FilterCase shape{.dy = {.images = 2, .channels = 20, .height = 5, .width = 6},
                         .inChannels = 18,
                         .kernelHeight = 3,
                         .kernelWidth = 3,
                         .padding = 1};
  for (const x86::Target &target : hostTargets())
    for (float special : {infinity, std::numeric_limits<float>::quiet_NaN()})
      for (bool inGradient : {false, true}) {
        FilterGradient test(shape);
        (inGradient ? test.dy.at(1, 17, 0, 3) : test.x.at(1, 17, 0, 3)) = special;
        test.run({.tile = 4, .group = 8, .outBlocks = 2, .inBlocks = 1}, target);
        int64_t lost = 0, spread = 0, padding = 0;
        test.forEach([&](int64_t o, int64_t i, int64_t r, int64_t s) {
          float got = test.got(o, i, r, s);
          if (!test.exists(o, i))
            padding += got == 0 ? 0 : 1;
          else if (!std::isfinite(test.want(o, i, r, s)))
            lost += std::isfinite(got) ? 1 : 0;
          else if (inGradient ? o != 17 : i != 17)
            spread += std::isfinite(got) ? 0 : 1;
        });
        INFO(nameOf(target.isa) << ", " << special << (inGradient ? " in dy" : " in x"));
        CHECK(lost == 0);
        CHECK(spread == 0);
        CHECK(padding == 0);
      }
}
