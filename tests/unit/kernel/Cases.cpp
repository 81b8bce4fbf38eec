// What the tests of the memory-bound kernels share.
#include "tests/unit/kernel/Cases.h"

using namespace skip;
using namespace skip::testing;

Activation testing::randomActivation(Shape shape, std::mt19937 &random) {
  Activation activation(shape);
  activation.randomize(random);
  return activation;
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
