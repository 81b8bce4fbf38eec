// The reference's tiled convolution against the definition, at random shapes that no tile divides.
#include "ir/reference/Convolution.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <random>

using skip::reference::Tensor;

namespace {
struct Case {
  int64_t images, channels, height, width, outChannels, kernelHeight, kernelWidth, stride, padding;
};
} // namespace

/// One output by the formula of graph.conv2d.
static double definition(const Case &c, const Tensor &x, const Tensor &filter, int64_t n, int64_t o, int64_t p, int64_t q) {
  double sum = 0;
  for (int64_t i = 0; i < c.channels; ++i)
    for (int64_t r = 0; r < c.kernelHeight; ++r)
      for (int64_t s = 0; s < c.kernelWidth; ++s) {
        int64_t h = p * c.stride + r - c.padding, w = q * c.stride + s - c.padding;
        if (h >= 0 && w >= 0 && h < c.height && w < c.width)
          sum += x.data[((n * c.channels + i) * c.height + h) * c.width + w] *
                 filter.data[((o * c.channels + i) * c.kernelHeight + r) * c.kernelWidth + s];
      }
  return sum;
}

static double worstError(const Case &c, const Tensor &x, const Tensor &filter, const Tensor &bias) {
  Tensor y = skip::reference::convolve(x, filter, &bias, c.stride, c.padding);
  REQUIRE(y.dim(2) == (c.height + 2 * c.padding - c.kernelHeight) / c.stride + 1);
  REQUIRE(y.dim(3) == (c.width + 2 * c.padding - c.kernelWidth) / c.stride + 1);
  double worst = 0;
  for (int64_t i = 0; i < y.size(); ++i) {
    int64_t q = i % y.dim(3), p = i / y.dim(3) % y.dim(2), o = i / (y.dim(2) * y.dim(3)) % c.outChannels;
    int64_t n = i / (y.dim(2) * y.dim(3) * c.outChannels);
    worst = std::max(worst, std::abs(y.data[i] - definition(c, x, filter, n, o, p, q) - bias.data[o]));
  }
  return worst;
}

TEST_CASE("the tiled convolution is the definition's at random shapes") {
  std::mt19937 generator(20);
  auto upTo = [&](int64_t most) { return static_cast<int64_t>(generator() % most) + 1; };
  auto random = [&](std::vector<int64_t> shape) {
    Tensor tensor(std::move(shape));
    for (double &value : tensor.data)
      value = static_cast<double>(generator() % 2001) / 1000 - 1;
    return tensor;
  };
  for (int count = 0; count < 100;) {
    Case c{upTo(2), upTo(5), upTo(20), upTo(20), upTo(19), upTo(7), upTo(7), upTo(3), upTo(4) - 1};
    if (c.height + 2 * c.padding < c.kernelHeight || c.width + 2 * c.padding < c.kernelWidth)
      continue;
    ++count;
    INFO("channels " << c.channels << ", picture " << c.height << "x" << c.width << ", filter " << c.kernelHeight << "x"
                     << c.kernelWidth << ", stride " << c.stride << ", padding " << c.padding);
    CHECK(worstError(c, random({c.images, c.channels, c.height, c.width}),
                     random({c.outChannels, c.channels, c.kernelHeight, c.kernelWidth}), random({c.outChannels})) < 1e-12);
  }
}
