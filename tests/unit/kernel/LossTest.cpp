// Softmax's cross entropy and gradients against their definitions in double precision.
#include "tests/unit/kernel/Cases.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace skip;
using namespace skip::kernel;
using namespace skip::testing;

namespace {
/// Logits of some range and labels.
struct LossCase {
  LossCase(int64_t images, int64_t classes, float range, std::mt19937 &random)
      : x(randomActivation({.images = images, .channels = classes}, random)) {
    x.scale([&](int64_t, int64_t, int64_t) { return range; });
    for (int64_t n = 0; n < images; ++n)
      labels.push_back(int32_t(random() % uint64_t(classes)));
  }

  /// [N, C], of each row x - log(sum(exp(x))).
  std::vector<double> logarithms() const {
    std::vector<double> logs;
    for (int64_t n = 0; n < x.shape.images; ++n) {
      double largest = x.at(n, 0, 0, 0), sum = 0;
      for (int64_t c = 1; c < x.shape.channels; ++c)
        largest = std::max<double>(largest, x.at(n, c, 0, 0));
      for (int64_t c = 0; c < x.shape.channels; ++c)
        sum += std::exp(x.at(n, c, 0, 0) - largest);
      for (int64_t c = 0; c < x.shape.channels; ++c)
        logs.push_back(x.at(n, c, 0, 0) - largest - std::log(sum));
    }
    return logs;
  }
  double target(int64_t n, int64_t c, double smoothing) const {
    return smoothing / double(x.shape.channels) + (labels[n] == c ? 1 - smoothing : 0);
  }
  double loss(double smoothing) const {
    double sum = 0;
    std::vector<double> logs = logarithms();
    for (int64_t n = 0; n < x.shape.images; ++n)
      for (int64_t c = 0; c < x.shape.channels; ++c)
        sum -= target(n, c, smoothing) * logs[n * x.shape.channels + c];
    return sum / double(x.shape.images);
  }

  float run(const LoadedKernel &kernel) {
    std::array<float, 3> result = {7, NAN, 7};
    kernel.run({x.origin(), labels.data(), &result[1]}, {1, 1, 1, x.shape.images, x.shape.channels, x.image, 0, 0});
    CHECK((result[0] == 7 && result[2] == 7));
    return result[1];
  }
  void runGradient(const LoadedKernel &kernel, Activation &out) {
    kernel.runInPieces({x.origin(), labels.data(), out.origin()},
                       {x.shape.images, 1, 1, x.shape.images, x.shape.channels, x.image, 0, out.image});
  }

  Activation x;
  std::vector<int32_t> labels;
};
} // namespace

static const std::vector<std::pair<int64_t, int64_t>> kSizes = {{1, 1}, {1, 2}, {5, 10}, {64, 16}, {3, 17}, {7, 1000}};

TEST_CASE("cross entropy") {
  std::mt19937 random(1);
  for (const x86::Target &target : hostTargets())
    for (double smoothing : {0.0, 0.1}) {
      LoadedKernel kernel(CrossEntropySpec{smoothing}, target);
      for (auto [images, classes] : kSizes)
        for (float range : {1e-3f, 1.0f, 30.0f, 5000.0f}) {
          LossCase test(images, classes, range, random);
          double want = test.loss(smoothing);
          INFO(nameOf(target.isa) << ", " << images << " x " << classes << " in [-" << range << ", " << range << "], smoothing "
                                  << smoothing);
          CHECK(std::abs(test.run(kernel) - want) <= 2e-7 * std::abs(want) + 1e-12);
        }
    }
}

TEST_CASE("cross entropy: a loss that is nearly zero keeps its digits") {
  std::mt19937 random(2);
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel kernel(CrossEntropySpec{0}, target);
    for (float distance : {1.0f, 10.0f, 20.0f}) {
      LossCase test(2, 10, 0, random);
      for (int64_t n = 0; n < 2; ++n)
        test.x.at(n, test.labels[n], 0, 0) = distance;
      double want = std::log1p(9 * std::exp(-double(distance)));
      INFO(nameOf(target.isa) << ", " << distance);
      CHECK(std::abs(test.run(kernel) - want) < 1e-6 * want);
    }
  }
}

TEST_CASE("gradient of cross entropy, also in place") {
  std::mt19937 random(3);
  for (const x86::Target &target : hostTargets())
    for (double smoothing : {0.0, 0.1}) {
      LoadedKernel kernel(CrossEntropyGradSpec{smoothing}, target);
      for (auto [images, classes] : kSizes)
        for (bool inPlace : {false, true}) {
          LossCase test(images, classes, 5, random);
          std::vector<double> want = test.logarithms();
          for (size_t i = 0; i < want.size(); ++i)
            want[i] = (std::exp(want[i]) - test.target(i / classes, i % classes, smoothing)) / double(images);
          Activation separate(test.x.shape), &out = inPlace ? test.x : separate;
          INFO(nameOf(target.isa) << ", " << images << " x " << classes << ", smoothing " << smoothing);
          test.runGradient(kernel, out);
          CHECK(relativeError(out, want) < 1e-6);
          CHECK(checkSurroundings(out) == "");
        }
    }
}

TEST_CASE("gradient of softmax") {
  std::mt19937 random(4);
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel kernel(SoftmaxGradSpec{}, target);
    for (auto [images, classes] : kSizes) {
      Activation dy = randomActivation({.images = images, .channels = classes}, random), y = randomActivation(dy.shape, random),
                 out(dy.shape);
      std::vector<double> want = generate(y.shape, [&, classes = classes](int64_t n, int64_t c, int64_t, int64_t) {
        double sum = 0;
        for (int64_t other = 0; other < classes; ++other)
          sum += double(dy.at(n, other, 0, 0)) * y.at(n, other, 0, 0);
        return y.at(n, c, 0, 0) * (dy.at(n, c, 0, 0) - sum);
      });
      INFO(nameOf(target.isa) << ", " << images << " x " << classes);
      kernel.runInPieces({dy.origin(), y.origin(), out.origin()},
                         {images, 1, 1, images, classes, dy.image, y.image, out.image});
      CHECK(relativeError(out, want) < 2e-6);
      CHECK(checkSurroundings(out) == "");
    }
  }
}

TEST_CASE("not finite: one logit makes the loss and its image's gradient NaN") {
  const float infinity = std::numeric_limits<float>::infinity();
  std::mt19937 random(5);
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel loss(CrossEntropySpec{0.1}, target), gradient(CrossEntropyGradSpec{0.1}, target);
    for (float special : {infinity, std::numeric_limits<float>::quiet_NaN()})
      for (int64_t channel : {0, 16, 20}) {
        LossCase test(2, 21, 1, random);
        test.x.at(1, channel, 0, 0) = special;
        CHECK(std::isnan(test.run(loss)));
        Activation out(test.x.shape);
        test.runGradient(gradient, out);
        for (int64_t c = 0; c < 21; ++c) {
          CHECK(std::isnan(out.at(1, c, 0, 0)));
          CHECK(std::isfinite(out.at(0, c, 0, 0)));
        }
        CHECK(checkSurroundings(out) == "");
      }
  }
}
