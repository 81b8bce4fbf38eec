// What the tests of the memory-bound kernels share.
#include "tests/unit/kernel/Cases.h"

#include "codegen/x86/kernel/Lanes.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace skip;
using namespace skip::testing;

Activation testing::randomActivation(Shape shape, std::mt19937 &random) {
  Activation activation(shape);
  activation.randomize(random);
  return activation;
}

static size_t roundUpToBlock(size_t channels) { return (channels + kernel::kLanes - 1) / kernel::kLanes * kernel::kLanes; }

std::vector<float> testing::randomVector(int64_t channels, std::mt19937 &random, float from, float to) {
  std::uniform_real_distribution<float> uniform(from, to);
  std::vector<float> values(roundUpToBlock(channels));
  std::generate_n(values.begin(), channels, [&] { return uniform(random); });
  return values;
}

std::vector<float> testing::unwrittenVector(int64_t channels) {
  return std::vector<float>(roundUpToBlock(channels), std::numeric_limits<float>::quiet_NaN());
}

double testing::relativeError(const std::vector<float> &got, const std::vector<double> &want) {
  double worst = 0, scale = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    double difference = i < want.size() ? std::abs(got[i] - want[i])
                        : got[i] == 0   ? 0
                                        : std::numeric_limits<double>::infinity();
    worst = std::isnan(difference) ? std::numeric_limits<double>::infinity() : std::max(worst, difference);
    scale = i < want.size() ? std::max(scale, std::abs(want[i])) : scale;
  }
  return scale == 0 ? worst : worst / scale;
}

std::vector<double> testing::generate(const Shape &shape,
                                      const std::function<double(int64_t, int64_t, int64_t, int64_t)> &value) {
  std::vector<double> values;
  for (int64_t n = 0; n < shape.images; ++n)
    for (int64_t c = 0; c < shape.channels; ++c)
      for (int64_t y = 0; y < shape.height; ++y)
        for (int64_t x = 0; x < shape.width; ++x)
          values.push_back(value(n, c, y, x));
  return values;
}

/// NaN for NaN, the same infinity for one, and near it otherwise; of mixed values any that is not finite for one that is not.
static bool isAlike(double value, double right, bool mixed) {
  if (mixed)
    return std::isfinite(right) || !std::isfinite(value);
  if (std::isfinite(right))
    return std::abs(value - right) < 1e-3;
  return value == right || (std::isnan(value) && std::isnan(right));
}

std::string testing::firstUnlike(const Activation &got, const std::vector<double> &want,
                                 const std::function<bool(int64_t, int64_t, int64_t)> &mayDiffer) {
  auto expected = want.begin();
  const Shape &s = got.shape;
  for (int64_t n = 0; n < s.images; ++n)
    for (int64_t c = 0; c < s.channels; ++c)
      for (int64_t y = 0; y < s.height; ++y)
        for (int64_t x = 0; x < s.width; ++x) {
          double value = got.at(n, c, y, x), right = *expected++;
          if (!isAlike(value, right, mayDiffer(n, y, x)))
            return std::to_string(value) + " for " + std::to_string(right) + " at image " + std::to_string(n) + ", channel " +
                   std::to_string(c) + ", " + std::to_string(y) + ", " + std::to_string(x);
        }
  return "";
}

std::string testing::firstUnlike(const Activation &got, const std::vector<double> &want) {
  return firstUnlike(got, want, [](int64_t, int64_t, int64_t) { return false; });
}

std::string testing::checkSurroundings(const Activation &result) {
  std::string wrong = result.checkBorders();
  const Shape &s = result.shape;
  int64_t storedChannels = s.planar ? s.channels : result.blocks * kernel::kLanes;
  for (int64_t n = 0; n < s.images; ++n)
    for (int64_t c = s.channels; c < storedChannels; ++c)
      for (int64_t y = 0; y < s.height; ++y)
        for (int64_t x = 0; x < s.width; ++x)
          if (wrong.empty() && result.at(n, c, y, x) != 0)
            wrong = "padding channel " + std::to_string(c) + " is not zero";
  return wrong;
}

std::string testing::describe(const Shape &shape) {
  std::string text = std::to_string(shape.images);
  for (int64_t size : {shape.channels, shape.height, shape.width})
    text += " x " + std::to_string(size);
  return text + " halo " + std::to_string(shape.halo) + (shape.planar ? " planar" : "");
}
