// Kernels that move values: every element must arrive bit for bit.
#include "tests/unit/kernel/Cases.h"

#include "codegen/x86/kernel/Lanes.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace skip;
using namespace skip::kernel;
using namespace skip::testing;

static std::vector<double> valuesOf(const Activation &activation) {
  return generate(activation.shape, [&](int64_t n, int64_t c, int64_t y, int64_t x) { return activation.at(n, c, y, x); });
}

static std::vector<int64_t> relayoutParams(const Activation &from, const Activation &to) {
  int64_t blocks = from.shape.planar && to.shape.planar ? from.blocks : std::min(from.blocks, to.blocks);
  const Shape &s = from.shape;
  return {s.images, blocks,   s.height, s.width, s.channels,    from.image, from.block,
          from.row, to.image, to.block, to.row,  to.shape.halo, 0};
}

static const std::vector<Shape> kShapes = {
    {.images = 1, .channels = 3, .height = 1, .width = 1},  {.images = 2, .channels = 17, .height = 1, .width = 1},
    {.images = 2, .channels = 3, .height = 5, .width = 33}, {.images = 1, .channels = 17, .height = 3, .width = 16},
    {.images = 2, .channels = 32, .height = 7, .width = 7}, {.images = 1, .channels = 16, .height = 2, .width = 70},
    {.images = 1, .channels = 40, .height = 3, .width = 37}};

TEST_CASE("relayout") {
  std::mt19937 random(1);
  for (const x86::Target &target : hostTargets())
    for (bool fromPlanar : {false, true})
      for (bool toPlanar : {false, true}) {
        LoadedKernel kernel(RelayoutSpec{fromPlanar, toPlanar}, target);
        for (Shape shape : kShapes)
          for (int64_t halo : {0, 1, 3}) {
            shape.planar = fromPlanar;
            shape.halo = halo == 3 ? 1 : 0;
            Activation from = randomActivation(shape, random);
            shape.planar = toPlanar;
            shape.halo = halo;
            Activation to(shape);
            INFO(nameOf(target.isa) << ", " << describe(from.shape) << " to " << describe(shape));
            kernel.runInPieces({from.origin(), to.origin()}, relayoutParams(from, to));
            CHECK(relativeError(to, valuesOf(from)) == 0.0);
            CHECK(checkSurroundings(to) == "");
          }
      }
}

/// A flat [N, K] array, each image's elements padded to 16, between guards; NaN at first.
struct FlatArray {
  int64_t elements, image;
  std::vector<float> storage;

  FlatArray(int64_t images, int64_t elements)
      : elements(elements), image((elements + kLanes - 1) / kLanes * kLanes),
        storage(images * image + 2 * kLanes, std::numeric_limits<float>::quiet_NaN()) {}
  float *origin() { return storage.data() + kLanes; }
  bool guardsIntact() const { return std::isnan(storage[kLanes - 1]) && std::isnan(storage[storage.size() - kLanes]); }
};

TEST_CASE("flatten writes NCHW order and zeros behind each image") {
  std::mt19937 random(2);
  for (const x86::Target &target : hostTargets())
    for (bool fromPlanar : {false, true}) {
      LoadedKernel kernel(RelayoutSpec{fromPlanar, true}, target);
      for (Shape shape : kShapes) {
        shape.planar = fromPlanar;
        shape.halo = 1;
        Activation from = randomActivation(shape, random);
        int64_t plane = shape.height * shape.width;
        FlatArray to(shape.images, shape.channels * plane);
        std::vector<int64_t> params = {
            shape.images, from.blocks, shape.height, shape.width, shape.channels,        from.image, from.block, from.row,
            to.image,     plane,       shape.width,  0,           to.image - to.elements};
        INFO(nameOf(target.isa) << ", " << describe(shape));
        kernel.runInPieces({from.origin(), to.origin()}, params);
        std::vector<double> want = valuesOf(from);
        int64_t wrong = 0;
        for (int64_t n = 0; n < shape.images; ++n)
          for (int64_t i = 0; i < to.image; ++i)
            wrong += to.origin()[n * to.image + i] != (i < to.elements ? float(want[n * to.elements + i]) : 0.0f);
        CHECK(wrong == 0);
        CHECK(to.guardsIntact());
      }
    }
}

static std::vector<int64_t> padParams(const Activation &in, const Activation &out) {
  return {out.shape.images, out.blocks, out.shape.height, out.shape.width, in.blocks, in.image,
          in.block,         in.row,     out.image,        out.block,       out.row,   out.shape.halo};
}

static void checkPadChannels(const LoadedKernel &kernel, const PadChannelsSpec &spec, const Shape &shape, const Shape &padded) {
  std::mt19937 random(3);
  Activation in = randomActivation(shape, random), out(padded);
  INFO("before " << spec.before << ", stride " << spec.stride << ", " << describe(shape) << " to " << describe(padded));
  kernel.runInPieces({in.origin(), out.origin()}, padParams(in, out));
  std::vector<double> want = generate(padded, [&](int64_t n, int64_t c, int64_t y, int64_t x) {
    int64_t channel = c - spec.before;
    return channel < 0 || channel >= shape.channels ? 0.0 : in.at(n, channel, y * spec.stride, x * spec.stride);
  });
  CHECK(relativeError(out, want) == 0.0);
  CHECK(checkSurroundings(out) == "");
}

TEST_CASE("pad channels") {
  for (const x86::Target &target : hostTargets())
    for (int64_t before : {0, 5, 8, 16, 40})
      for (int64_t stride : {1, 2, 3}) {
        PadChannelsSpec spec = {before, stride};
        LoadedKernel kernel(spec, target);
        for (const Shape &shape : kShapes)
          for (int64_t after : {int64_t(0), before, int64_t(21)}) {
            INFO(nameOf(target.isa));
            checkPadChannels(kernel, spec, shape,
                             {shape.images, shape.channels + before + after, (shape.height - 1) / stride + 1,
                              (shape.width - 1) / stride + 1, after % 3});
          }
      }
}

TEST_CASE("take channels") {
  std::mt19937 random(4);
  for (const x86::Target &target : hostTargets())
    for (int64_t first : {0, 3, 8, 16, 21})
      for (int64_t count : {1, 16, 19, 32})
        for (int64_t halo : {0, 2}) {
          LoadedKernel kernel(PadChannelsSpec{-first, 1, count % kLanes}, target);
          for (int64_t behind : {0, 5, 16}) {
            Activation in =
                randomActivation({.images = 2, .channels = first + count + behind, .height = 3, .width = 5, .halo = 1}, random);
            Activation out({.images = 2, .channels = count, .height = 3, .width = 5, .halo = halo});
            INFO(nameOf(target.isa) << ", " << count << " channels from " << first << " on, " << behind << " behind");
            kernel.runInPieces({in.origin(), out.origin()}, padParams(in, out));
            std::vector<double> want =
                generate(out.shape, [&](int64_t n, int64_t c, int64_t y, int64_t x) { return in.at(n, first + c, y, x); });
            CHECK(relativeError(out, want) == 0.0);
            CHECK(checkSurroundings(out) == "");
          }
        }
}

TEST_CASE("unflatten reads NCHW order") {
  std::mt19937 random(5);
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel kernel(RelayoutSpec{true, false}, target);
    for (Shape shape : kShapes) {
      shape.halo = 1;
      int64_t plane = shape.height * shape.width;
      FlatArray from(shape.images, shape.channels * plane);
      std::uniform_real_distribution<float> uniform(-1, 1);
      for (int64_t n = 0; n < shape.images; ++n)
        for (int64_t i = 0; i < from.image; ++i)
          from.origin()[n * from.image + i] = i < from.elements ? uniform(random) : 0;
      Activation to(shape);
      INFO(nameOf(target.isa) << ", " << describe(shape));
      kernel.runInPieces({from.origin(), to.origin()},
                         {shape.images, to.blocks, shape.height, shape.width, shape.channels, from.image, plane, shape.width,
                          to.image, to.block, to.row, shape.halo, 0});
      std::vector<double> want = generate(shape, [&](int64_t n, int64_t c, int64_t y, int64_t x) {
        return from.origin()[n * from.image + c * plane + y * shape.width + x];
      });
      CHECK(relativeError(to, want) == 0.0);
      CHECK(checkSurroundings(to) == "");
    }
  }
}

TEST_CASE("transpose filter") {
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel kernel(TransposeFilterSpec{}, target);
    for (auto [outBlocks, inBlocks, rows, width, margin] :
         {std::tuple(1, 1, 1, 1, 0), {2, 3, 3, 3, 0}, {3, 1, 2, 2, 0}, {1, 2, 1, 1, 1}, {2, 1, 3, 2, 2}}) {
      int64_t taps = rows * width, wide = width + 2 * margin, places = (rows + 2 * margin) * wide;
      std::vector<float> from(outBlocks * inBlocks * taps * kLanes * kLanes), to(from.size() / taps * places, NAN);
      for (size_t i = 0; i < from.size(); ++i)
        from[i] = float(i + 1);
      kernel.runInPieces({from.data(), to.data()}, {inBlocks, outBlocks, places, wide, margin});
      int64_t wrong = 0, notZero = 0;
      for (float value : to)
        notZero += value != 0;
      CHECK(notZero == int64_t(from.size()));
      for (int64_t o = 0; o < outBlocks * kLanes; ++o)
        for (int64_t i = 0; i < inBlocks * kLanes; ++i)
          for (int64_t t = 0; t < taps; ++t) {
            auto place = [&](int64_t out, int64_t in, int64_t blocks, int64_t all, int64_t tap) {
              return (((out / kLanes * blocks + in / kLanes) * all + tap) * kLanes + in % kLanes) * kLanes + out % kLanes;
            };
            int64_t reversed = taps - 1 - t, at = (reversed / width + margin) * wide + reversed % width + margin;
            wrong += to[place(i, o, outBlocks, places, at)] != from[place(o, i, inBlocks, taps, t)];
          }
      CHECK(wrong == 0);
    }
  }
}

static int64_t mirrored(int64_t index, int64_t size) {
  if (index < 0)
    return -index;
  return index < size ? index : 2 * (size - 1) - index;
}

TEST_CASE("a padding by reflection, and its gradient") {
  std::mt19937 random(7);
  struct Pads {
    int64_t top, left, bottom, right;
  };
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel forth(ReflectPadSpec{}, target), back(ReflectPadGradSpec{}, target);
    for (Shape shape : kShapes)
      for (Pads most : {Pads{0, 0, 0, 0}, {1, 1, 1, 1}, {2, 0, 1, 9}, {9, 9, 9, 9}}) {
        int64_t rows = shape.height - 1, columns = shape.width - 1;
        Pads pads{std::min(most.top, rows), std::min(most.left, columns), std::min(most.bottom, rows),
                  std::min(most.right, columns)};
        shape.halo = pads.top % 2;
        Activation x = randomActivation(shape, random);
        Shape larger = {shape.images, shape.channels, pads.top + shape.height + pads.bottom,
                        pads.left + shape.width + pads.right, 1};
        Activation y(larger), dy = randomActivation(larger, random), dx(shape);
        INFO(nameOf(target.isa) << ", " << describe(shape) << " by " << pads.top << ", " << pads.left << ", " << pads.bottom
                                << ", " << pads.right);
        forth.runInPieces({x.origin(), y.origin()},
                          {shape.images, x.blocks, larger.height, shape.height, shape.width, x.image, x.block, x.row, y.image,
                           y.block, y.row, larger.halo, pads.top, pads.left, pads.right});
        std::vector<double> want = generate(larger, [&](int64_t n, int64_t c, int64_t p, int64_t q) {
          return x.at(n, c, mirrored(p - pads.top, shape.height), mirrored(q - pads.left, shape.width));
        });
        CHECK(relativeError(y, want) == 0.0);
        CHECK(checkSurroundings(y) == "");
        back.runInPieces({dy.origin(), dx.origin()},
                         {shape.images, dy.blocks, shape.height, shape.width, dy.image, dy.block, dy.row, dx.image, dx.block,
                          dx.row, shape.halo, pads.top, pads.left, pads.bottom, pads.right});
        std::vector<double> sums = generate(shape, [&](int64_t n, int64_t c, int64_t h, int64_t w) {
          double sum = 0;
          for (int64_t p = 0; p < larger.height; ++p)
            for (int64_t q = 0; q < larger.width; ++q)
              if (mirrored(p - pads.top, shape.height) == h && mirrored(q - pads.left, shape.width) == w)
                sum += dy.at(n, c, p, q);
          return sum;
        });
        CHECK(relativeError(dx, sums) < 1e-6);
        CHECK(checkSurroundings(dx) == "");
      }
  }
}
