// Softmax against its definition in double precision, and the exponential inside it.
#include "tests/unit/kernel/Cases.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace skip;
using namespace skip::kernel;
using namespace skip::testing;

static Activation logits(const Shape &shape, float lowest, float highest, std::mt19937 &random) {
  Activation x = randomActivation(shape, random);
  for (int64_t n = 0; n < shape.images; ++n)
    for (int64_t c = 0; c < shape.channels; ++c)
      x.at(n, c, 0, 0) = lowest + (highest - lowest) * (x.at(n, c, 0, 0) + 1) / 2;
  return x;
}

static std::vector<double> expected(const Activation &x) {
  std::vector<double> y;
  for (int64_t n = 0; n < x.shape.images; ++n) {
    double largest = -std::numeric_limits<double>::infinity(), sum = 0;
    for (int64_t c = 0; c < x.shape.channels; ++c)
      largest = std::max<double>(largest, x.at(n, c, 0, 0));
    for (int64_t c = 0; c < x.shape.channels; ++c)
      sum += std::exp(x.at(n, c, 0, 0) - largest);
    for (int64_t c = 0; c < x.shape.channels; ++c)
      y.push_back(std::exp(x.at(n, c, 0, 0) - largest) / sum);
  }
  return y;
}

static std::vector<int64_t> paramsOf(const Activation &in, const Activation &out) {
  return {in.shape.images, 1, 1, in.shape.channels, in.image, out.image};
}

TEST_CASE("softmax") {
  std::mt19937 random(1);
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel kernel(SoftmaxSpec{}, target);
    for (int64_t classes : {1, 3, 16, 17, 100, 1000})
      for (float range : {1.0f, 30.0f, 5000.0f})
        for (bool inPlace : {false, true}) {
          Activation in = logits({.images = 3, .channels = classes}, -range, range, random), separate(in.shape);
          Activation &out = inPlace ? in : separate;
          std::vector<double> want = expected(in);
          INFO(nameOf(target.isa) << ", " << classes << " classes in [-" << range << ", " << range << "]");
          kernel.runInPieces({in.origin(), out.origin()}, paramsOf(in, out));
          CHECK(relativeError(out, want) < 1e-6);
          CHECK(checkSurroundings(out) == "");
        }
  }
}

// Of two classes, one with logit 0 and one with logit x <= 0, the quotient of the probabilities is exp(x).
TEST_CASE("the exponential is right to its last bits, however negative its input") {
  std::mt19937 random(2);
  const int64_t images = 100000;
  Activation in = logits({.images = images, .channels = 2}, -110, 0, random), out(in.shape);
  for (int64_t n = 0; n < images; ++n)
    in.at(n, 0, 0, 0) = 0;
  in.at(0, 1, 0, 0) = -std::numeric_limits<float>::max();
  in.at(1, 1, 0, 0) = -std::numeric_limits<float>::infinity();
  in.at(2, 1, 0, 0) = 0;
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel kernel(SoftmaxSpec{}, target);
    kernel.run({in.origin(), out.origin()}, paramsOf(in, out));
    double worstNormal = 0, worstDenormal = 0;
    for (int64_t n = 0; n < images; ++n) {
      double want = std::exp(double(in.at(n, 1, 0, 0)));
      double error = std::abs(double(out.at(n, 1, 0, 0)) / out.at(n, 0, 0, 0) - want);
      if (want > 1.2e-38)
        worstNormal = std::max(worstNormal, error / want);
      else
        worstDenormal = std::max(worstDenormal, error / std::numeric_limits<float>::denorm_min());
    }
    INFO(nameOf(target.isa));
    CHECK(worstNormal < 2.3e-7); // 1e-7 is the exponential's, and each quotient rounds once
    CHECK(worstDenormal < 2);    // units of the smallest denormal
    CHECK(out.at(0, 1, 0, 0) == 0.0f);
    CHECK(out.at(1, 1, 0, 0) == 0.0f);
    CHECK(out.at(2, 1, 0, 0) == 0.5f);
  }
}

TEST_CASE("a NaN logit makes its image's probabilities NaN and no others") {
  std::mt19937 random(3);
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel kernel(SoftmaxSpec{}, target);
    Activation in = logits({.images = 2, .channels = 21}, -1, 1, random), out(in.shape);
    in.at(0, 20, 0, 0) = std::numeric_limits<float>::quiet_NaN();
    kernel.run({in.origin(), out.origin()}, paramsOf(in, out));
    for (int64_t c = 0; c < 21; ++c) {
      CHECK(std::isnan(out.at(0, c, 0, 0)));
      CHECK_FALSE(std::isnan(out.at(1, c, 0, 0)));
    }
    CHECK(checkSurroundings(out) == "");
  }
}
