// Sizes of rows and columns are their mean squares. First those of input channels, then those of output channels over inputs
// that count alike, then those of input channels again, over outputs that do. Of a filter w[k][j] = a[k] b[j] r[k][j] with like
// r, that finds a and b.
#include "runtime/Balance.h"

#include <string.h>

namespace skip::runtime {

static constexpr int64_t lanes = 16;
static constexpr int64_t limit = 40; // of exponents: what a factor makes larger must stay far from infinity

/// The power of two nearest to the square root of `square`; 1 for zero, whose channel counts for nothing.
static float nearestPower(double square) {
  if (!(square > 0))
    return 1;
  uint64_t squareBits;
  memcpy(&squareBits, &square, sizeof square);
  int64_t exponent = (static_cast<int64_t>(squareBits >> 52) - 1023 + 1) >> 1; // of sqrt(square), rounded
  exponent = exponent < -limit ? -limit : exponent > limit ? limit : exponent;
  uint32_t bits = static_cast<uint32_t>(127 + exponent) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  return power;
}

namespace {
struct Filter {
  const float *weights;
  int64_t outBlocks, inBlocks;

  const float *row(int64_t outBlock, int64_t k) const { return weights + ((outBlock * inBlocks) * lanes + k) * lanes; }

  /// sizes[k]: of w[k][j] / out[j] over j.
  void measureInputs(const float *inverseOut, float *sizes) const {
    for (int64_t k = 0; k < inBlocks * lanes; ++k) {
      double sums[lanes] = {};
      for (int64_t block = 0; block < outBlocks; ++block)
        for (int64_t lane = 0; lane < lanes; ++lane) {
          double weight = static_cast<double>(row(block, k)[lane]) * static_cast<double>(inverseOut[block * lanes + lane]);
          sums[lane] += weight * weight;
        }
      double sum = 0;
      for (double part : sums)
        sum += part;
      sizes[k] = nearestPower(sum / static_cast<double>(outBlocks * lanes));
    }
  }

  /// The same of w[k][j] / in[k] over k, and the reciprocals.
  void measureOutputs(const float *in, float *sizes, float *inverse) const {
    for (int64_t block = 0; block < outBlocks; ++block) {
      double sums[lanes] = {};
      for (int64_t k = 0; k < inBlocks * lanes; ++k)
        for (int64_t lane = 0; lane < lanes; ++lane) {
          double weight = static_cast<double>(row(block, k)[lane]) / static_cast<double>(in[k]);
          sums[lane] += weight * weight;
        }
      for (int64_t lane = 0; lane < lanes; ++lane) {
        sizes[block * lanes + lane] = nearestPower(sums[lane] / static_cast<double>(inBlocks * lanes));
        inverse[block * lanes + lane] = 1 / sizes[block * lanes + lane];
      }
    }
  }
};
} // namespace

void balanceFilter(float *weights, int64_t outBlocks, int64_t inBlocks, int64_t halfBlocks) {
  Filter filter{weights, outBlocks, inBlocks};
  float *in = weights + outBlocks * inBlocks * lanes * lanes, *out = in + inBlocks * lanes, *inverse = out + outBlocks * lanes;
  for (int64_t j = 0; j < outBlocks * lanes; ++j)
    inverse[j] = 1;
  filter.measureInputs(inverse, in);
  filter.measureOutputs(in, out, inverse);
  filter.measureInputs(inverse, in);
  int64_t half = halfBlocks * lanes;
  for (int64_t chunk = 0; chunk < inBlocks * lanes; chunk += 2 * half)
    for (int64_t k = chunk; k < chunk + half; ++k) {
      float ratio = in[k + half] / in[k];
      in[k] = 1 / ratio;
      in[k + half] = ratio;
    }
}

} // namespace skip::runtime
