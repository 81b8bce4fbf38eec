// Group norms against their definition in double precision: groups within blocks of 16 channels, of whole ones, and across
// them.
#include "tests/unit/kernel/Cases.h"

#include <catch2/catch.hpp>

#include <cmath>

using namespace skip;
using namespace skip::kernel;
using namespace skip::testing;
using enum skip::kernel::EpilogueOp;

namespace {
struct Case {
  int64_t channels, groups;
  Epilogue chain = {};
};

/// A group's mean and the factor that brings its deviation to 1.
struct Statistics {
  double mean = 0, factor = 0;
};
} // namespace

static constexpr double kEpsilon = 1e-5;

static double pixelsOf(const Activation &x) { return static_cast<double>(x.shape.height * x.shape.width); }

/// What `moments` leaves: as float32 has it, for the kernel is given no more.
static Activation momentsOf(const Activation &x) {
  const Shape &s = x.shape;
  Activation moments({.images = s.images, .channels = s.channels, .height = 2});
  std::mt19937 random(0);
  moments.randomize(random); // zeros in channels that do not exist
  for (int64_t n = 0; n < s.images; ++n)
    for (int64_t c = 0; c < s.channels; ++c) {
      double mean = 0, squares = 0;
      for (int64_t i = 0; i < s.height * s.width; ++i)
        mean += x.at(n, c, i / s.width, i % s.width) / pixelsOf(x);
      for (int64_t i = 0; i < s.height * s.width; ++i)
        squares += std::pow(x.at(n, c, i / s.width, i % s.width) - mean, 2);
      moments.at(n, c, 0, 0) = static_cast<float>(mean);
      moments.at(n, c, 1, 0) = static_cast<float>(squares);
    }
  return moments;
}

static Statistics statisticsOf(const Activation &x, int64_t n, int64_t first, int64_t size) {
  const Shape &s = x.shape;
  double count = pixelsOf(x) * static_cast<double>(size), variance = 0;
  Statistics all;
  auto visit = [&](auto f) {
    for (int64_t c = first; c < first + size; ++c)
      for (int64_t i = 0; i < s.height * s.width; ++i)
        f(static_cast<double>(x.at(n, c, i / s.width, i % s.width)));
  };
  visit([&](double value) { all.mean += value / count; });
  visit([&](double value) { variance += (value - all.mean) * (value - all.mean) / count; });
  all.factor = 1 / std::sqrt(variance + kEpsilon);
  return all;
}

static const std::vector<Case> kCases = {{3, 1},
                                         {3, 3},
                                         {32, 32},
                                         {64, 32},
                                         {24, 3, {Relu}},
                                         {48, 3},
                                         {64, 2, {Add, Relu}},
                                         {96, 1},
                                         {9, 3, {ScaleShift, Relu}},
                                         {34, 2},
                                         {40, 8, {Relu, Add}},
                                         {80, 4},
                                         {17, 1}};
static const std::vector<Shape> kPictures = {{.images = 2, .height = 1, .width = 1},
                                             {.images = 1, .height = 5, .width = 7, .halo = 1},
                                             {.images = 2, .height = 3, .width = 12}};

TEST_CASE("group norm") {
  std::mt19937 random(1);
  for (const x86::Target &target : hostTargets())
    for (const Case &each : kCases) {
      int64_t size = each.channels / each.groups;
      LoadedKernel kernel(GroupNormSpec{size, kEpsilon, each.chain, each.channels % 16}, target);
      for (Shape shape : kPictures)
        for (int64_t halo : {0, 2}) {
          shape.channels = each.channels;
          Activation x = randomActivation(shape, random), moments = momentsOf(x);
          std::vector<float> gamma = randomVector(each.channels, random), beta = randomVector(each.channels, random);
          shape.halo = halo;
          Activation out(shape);
          testing::EpilogueOperands others(each.chain, shape, random);
          std::vector<void *> operands = {x.origin(), moments.origin(), gamma.data(), beta.data()};
          others.appendTo(operands, each.chain);
          operands.push_back(out.origin());
          std::vector<int64_t> params = {shape.images,   x.blocks,  1,         shape.height, shape.width,
                                         shape.channels, x.image,   x.block,   x.row,        moments.image,
                                         moments.block,  out.image, out.block, out.row,      halo};
          for (const Activation &tensor : others.tensors)
            params.insert(params.end(), {tensor.image, tensor.block, tensor.row});
          kernel.runInPieces(operands, params);
          std::vector<double> want = generate(shape, [&](int64_t n, int64_t c, int64_t p, int64_t q) {
            Statistics group = statisticsOf(x, n, c / size * size, size);
            double y = gamma[c] * (x.at(n, c, p, q) - group.mean) * group.factor + beta[c];
            return others.apply(each.chain, y, n, c, p, q);
          });
          INFO(nameOf(target.isa) << ", " << each.groups << " groups of " << describe(x.shape) << " to halo " << halo);
          CHECK(relativeError(out, want) < 2e-6);
          CHECK(checkSurroundings(out) == "");
        }
    }
}

TEST_CASE("attention pool") {
  std::mt19937 random(2);
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel kernel(AttentionPoolSpec{}, target);
    for (Shape shape : kPictures)
      for (int64_t channels : {3, 16, 35})
        for (float scale : {1.0f, 80.0f}) {
          shape.channels = channels;
          Activation x = randomActivation(shape, random);
          Shape one = shape;
          one.channels = 1, one.halo = 1 - shape.halo;
          Activation logits = randomActivation(one, random);
          logits.scale([&](int64_t, int64_t, int64_t) { return scale; });
          Activation out({.images = shape.images, .channels = channels});
          std::vector<double> want = generate(out.shape, [&](int64_t n, int64_t c, int64_t, int64_t) {
            double sum = 0, weights = 0;
            for (int64_t i = 0; i < shape.height * shape.width; ++i) {
              double weight = std::exp(static_cast<double>(logits.at(n, 0, i / shape.width, i % shape.width)));
              sum += weight * x.at(n, c, i / shape.width, i % shape.width);
              weights += weight;
            }
            return sum / weights;
          });
          INFO(nameOf(target.isa) << ", " << describe(shape) << ", logits to " << scale);
          kernel.runInPieces({x.origin(), logits.origin(), out.origin()},
                             {shape.images, x.blocks, 1, shape.height, shape.width, x.image, x.block, x.row, logits.image,
                              logits.row, out.image});
          CHECK(relativeError(out, want) < 1e-5);
          CHECK(checkSurroundings(out) == "");
        }
  }
}
