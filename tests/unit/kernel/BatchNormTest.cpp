// The parts of batch norm by the batch's own statistics, against their definitions in double precision.
#include "tests/unit/kernel/Cases.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace skip;
using namespace skip::kernel;
using namespace skip::testing;

static const std::vector<Shape> kPictures = {{.images = 1, .channels = 3, .height = 1, .width = 1},
                                             {.images = 5, .channels = 40, .height = 1, .width = 1},
                                             {.images = 2, .channels = 17, .height = 5, .width = 7, .halo = 1},
                                             {.images = 3, .channels = 16, .height = 8, .width = 8},
                                             {.images = 1, .channels = 16, .height = 70, .width = 57, .halo = 2}};

static Shape sumsShape(const Shape &shape) { return {.images = shape.images, .channels = shape.channels, .height = 2}; }

/// The sum of term(y, x) over a picture.
static double overPicture(const Shape &s, const std::function<double(int64_t y, int64_t x)> &term) {
  double sum = 0;
  for (int64_t y = 0; y < s.height; ++y)
    for (int64_t x = 0; x < s.width; ++x)
      sum += term(y, x);
  return sum;
}

static double meanOf(const Activation &x, int64_t n, int64_t c) {
  return overPicture(x.shape, [&](int64_t p, int64_t q) { return x.at(n, c, p, q); }) / double(x.shape.height * x.shape.width);
}

/// Pictures far from zero beside how much they vary: what cancels shows.
static Activation shiftedPicture(const Shape &shape, std::mt19937 &random) {
  Activation x = randomActivation(shape, random);
  for (int64_t n = 0; n < shape.images; ++n)
    for (int64_t c = 0; c < shape.channels; ++c)
      for (int64_t p = 0; p < shape.height; ++p)
        for (int64_t q = 0; q < shape.width; ++q)
          x.at(n, c, p, q) = x.at(n, c, p, q) / 64 + 5;
  return x;
}

static double squaresOf(const Activation &x, int64_t n, int64_t c, double mean) {
  return overPicture(x.shape, [&](int64_t p, int64_t q) { return std::pow(x.at(n, c, p, q) - mean, 2); });
}

TEST_CASE("moments") {
  std::mt19937 random(1);
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel kernel(MomentsSpec{}, target);
    for (const Shape &shape : kPictures) {
      Activation x = shiftedPicture(shape, random), out(sumsShape(shape));
      INFO(nameOf(target.isa) << ", " << describe(shape));
      kernel.runInPieces({x.origin(), out.origin()},
                         {shape.images, x.blocks, 1, shape.height, shape.width, out.image, out.block, x.image, x.block, x.row});
      CHECK(checkSurroundings(out) == "");
      double worstMean = 0, worstSquares = 0;
      for (int64_t n = 0; n < shape.images; ++n)
        for (int64_t c = 0; c < shape.channels; ++c) {
          double mean = meanOf(x, n, c), squares = squaresOf(x, n, c, mean);
          worstMean = std::max(worstMean, std::abs(out.at(n, c, 0, 0) - mean) / std::abs(mean));
          worstSquares = std::max(worstSquares, std::abs(out.at(n, c, 1, 0) - squares) / (squares + 1e-6));
        }
      CHECK(worstMean < 2e-7);
      CHECK(worstSquares < 2e-6);
    }
  }
}

TEST_CASE("moments: what is not finite stays in its channel and image, and is not lost") {
  const Shape shape = {.images = 2, .channels = 20, .height = 5, .width = 7, .halo = 1};
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel kernel(MomentsSpec{}, target);
    for (float special : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
      std::mt19937 random(2);
      Activation x = randomActivation(shape, random), out(sumsShape(shape));
      x.at(1, 17, 4, 6) = special;
      kernel.run({x.origin(), out.origin()},
                 {shape.images, x.blocks, 1, shape.height, shape.width, out.image, out.block, x.image, x.block, x.row});
      std::vector<double> want = generate(out.shape, [&](int64_t n, int64_t c, int64_t row, int64_t) {
        double mean = meanOf(x, n, c);
        return row == 0 ? mean : squaresOf(x, n, c, mean);
      });
      CHECK(firstUnlike(out, want) == "");
      CHECK(checkSurroundings(out) == "");
    }
  }
}

TEST_CASE("grad sums") {
  std::mt19937 random(3);
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel kernel(GradSumsSpec{}, target);
    for (const Shape &shape : kPictures) {
      Shape withHalo = shape;
      withHalo.halo = 1;
      Activation dy = randomActivation(withHalo, random), x = randomActivation(shape, random), out(sumsShape(shape));
      std::vector<float> mean = randomVector(shape.channels, random);
      INFO(nameOf(target.isa) << ", " << describe(shape));
      kernel.runInPieces({dy.origin(), x.origin(), mean.data(), out.origin()},
                         {shape.images, x.blocks, 1, shape.height, shape.width, out.image, out.block, dy.image, dy.block,
                          dy.row, x.image, x.block, x.row});
      std::vector<double> want = generate(out.shape, [&](int64_t n, int64_t c, int64_t row, int64_t) {
        return overPicture(shape, [&](int64_t p, int64_t q) {
          return dy.at(n, c, p, q) * (row == 0 ? 1.0 : double(x.at(n, c, p, q)) - mean[c]);
        });
      });
      CHECK(relativeError(out, want) < 1e-6);
      CHECK(checkSurroundings(out) == "");
    }
  }
}

/// Sums of images as a merging kernel reads them.
struct Merge {
  Activation sums;
  std::vector<std::vector<float>> operands, results;
  int64_t pixels;

  void run(const LoadedKernel &kernel) {
    std::vector<void *> pointers = {sums.origin()};
    for (std::vector<std::vector<float>> *list : {&operands, &results})
      for (std::vector<float> &vector : *list)
        pointers.push_back(vector.data());
    kernel.runInPieces(pointers, {1, sums.blocks, 1, sums.shape.images, pixels, sums.shape.channels, sums.image, sums.block});
  }
};

static Merge randomMerge(const Shape &shape, size_t operands, size_t results, int64_t pixels, std::mt19937 &random) {
  Merge merge{randomActivation(sumsShape(shape), random), {}, {}, pixels};
  for (size_t i = 0; i < operands; ++i)
    merge.operands.push_back(randomVector(shape.channels, random, 0.5, 2));
  merge.results.assign(results, unwrittenVector(shape.channels));
  return merge;
}

static const std::vector<Shape> kMerged = {
    {.images = 1, .channels = 5}, {.images = 3, .channels = 16}, {.images = 128, .channels = 40}};

/// mean, variance, next mean, next variance, scale, shift of a channel.
static std::array<double, 6> mergedMoments(const Merge &merge, int64_t c, const MergeMomentsSpec &spec) {
  double mean = 0, squares = 0, images = double(merge.sums.shape.images), pixels = double(merge.pixels);
  for (int64_t n = 0; n < merge.sums.shape.images; ++n)
    mean += merge.sums.at(n, c, 0, 0) / images;
  for (int64_t n = 0; n < merge.sums.shape.images; ++n)
    squares += merge.sums.at(n, c, 1, 0) + pixels * std::pow(merge.sums.at(n, c, 0, 0) - mean, 2);
  double count = images * pixels, variance = squares / count;
  double running = merge.operands[2][c], runningVariance = merge.operands[3][c];
  double next = count > 1 ? runningVariance + spec.momentum * (squares / (count - 1) - runningVariance) : runningVariance;
  double scale = merge.operands[0][c] / std::sqrt(variance + spec.epsilon);
  return {mean, variance, running + spec.momentum * (mean - running), next, scale, merge.operands[1][c] - mean * scale};
}

TEST_CASE("merge moments") {
  std::mt19937 random(4);
  const MergeMomentsSpec spec{0.25, 1e-3};
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel kernel(spec, target);
    for (const Shape &shape : kMerged)
      for (int64_t pixels : {1, 49}) {
        Merge merge = randomMerge(shape, 4, 6, pixels, random);
        for (int64_t n = 0; n < shape.images; ++n)
          for (int64_t c = 0; c < shape.channels; ++c)
            merge.sums.at(n, c, 1, 0) = std::abs(merge.sums.at(n, c, 1, 0)); // a sum of squares
        merge.run(kernel);
        for (size_t result = 0; result < 6; ++result) {
          std::vector<double> want;
          for (int64_t c = 0; c < shape.channels; ++c)
            want.push_back(mergedMoments(merge, c, spec)[result]);
          INFO(nameOf(target.isa) << ", " << describe(shape) << ", " << pixels << " pixels, result " << result);
          CHECK(relativeError(merge.results[result], want) < 2e-7);
        }
      }
  }
}

TEST_CASE("merge moments: without epsilon padding channels are zero, and running statistics may be moved on in place") {
  std::mt19937 random(5);
  const MergeMomentsSpec spec{0.1, 0};
  for (const x86::Target &target : hostTargets()) {
    Merge merge = randomMerge({.images = 2, .channels = 5}, 4, 6, 4, random);
    std::vector<double> want;
    for (int64_t c = 0; c < 5; ++c)
      want.push_back(mergedMoments(merge, c, spec)[2]);
    LoadedKernel kernel(spec, target);
    std::vector<void *> pointers = {merge.sums.origin()};
    for (std::vector<float> *vector :
         {&merge.operands[0], &merge.operands[1], &merge.operands[2], &merge.operands[3], &merge.results[0], &merge.results[1],
          &merge.operands[2], &merge.operands[3], &merge.results[4], &merge.results[5]})
      pointers.push_back(vector->data());
    kernel.run(pointers, {1, 1, 1, 2, 4, 5, merge.sums.image, merge.sums.block});
    CHECK(relativeError(merge.operands[2], want) < 2e-7);
    for (size_t result : {0, 1, 4, 5})
      for (size_t c = 5; c < 16; ++c)
        CHECK(merge.results[result][c] == 0.0f);
  }
}

TEST_CASE("merge gradients' sums") {
  std::mt19937 random(6);
  const MergeGradSumsSpec spec{1e-3};
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel kernel(spec, target);
    for (const Shape &shape : kMerged) {
      Merge merge = randomMerge(shape, 3, 5, 49, random);
      merge.run(kernel);
      std::vector<std::vector<double>> want(5);
      for (int64_t c = 0; c < shape.channels; ++c) {
        double dbeta = 0, product = 0, gamma = merge.operands[0][c], mean = merge.operands[1][c];
        for (int64_t n = 0; n < shape.images; ++n) {
          dbeta += merge.sums.at(n, c, 0, 0);
          product += merge.sums.at(n, c, 1, 0);
        }
        double inverse = 1 / std::sqrt(merge.operands[2][c] + spec.epsilon), count = double(shape.images * 49);
        double a = gamma * inverse, slope = -gamma * std::pow(inverse, 3) * product / count;
        for (auto [result, value] :
             {std::pair(0, product * inverse), {1, dbeta}, {2, a}, {3, slope}, {4, -a * dbeta / count - slope * mean}})
          want[result].push_back(value);
      }
      for (size_t result = 0; result < 5; ++result) {
        INFO(nameOf(target.isa) << ", " << describe(shape) << ", result " << result);
        CHECK(relativeError(merge.results[result], want[result]) < 2e-7);
      }
    }
  }
}

TEST_CASE("channel sums") {
  std::mt19937 random(7);
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel kernel(ChannelSumsSpec{}, target);
    for (const Shape &shape : kPictures) {
      Activation x = randomActivation(shape, random);
      std::vector<float> out = unwrittenVector(shape.channels);
      std::vector<double> want;
      for (int64_t c = 0; c < shape.channels; ++c) {
        want.push_back(0);
        for (int64_t n = 0; n < shape.images; ++n)
          want.back() += overPicture(shape, [&](int64_t p, int64_t q) { return x.at(n, c, p, q); });
      }
      INFO(nameOf(target.isa) << ", " << describe(shape));
      kernel.runInPieces({x.origin(), out.data()},
                         {1, x.blocks, 1, shape.images, shape.height, shape.width, x.image, x.block, x.row});
      CHECK(relativeError(out, want) < 1e-6);
    }
  }
}
