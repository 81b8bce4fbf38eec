// Sizes of rows and columns are their mean squares. First those of input channels, then those of output channels over inputs
// that count alike, then those of input channels again, over outputs that do. Of a filter w[k][j] = a[k] b[j] r[k][j] with like
// r, that finds a and b. What is left, r, has a mean square of about 1, and so have the partners that the sums bring along:
// three to each weight. Output j is unlike if
//
//   sqrt(sum over k of (|r[k][j]| + 3)^2) > 2 sum over k of |r[k][j]|       inputs alike, all roundings at once
//   |r[k][j]| < 3 / 63 for more than 0.4 of all k                           a weight's partners 64 times its size
//
// The worst filters of a trained ResNet-50 have 1.8 and 0.33, normal numbers 0.5 and 0.1, a unit matrix with noise of a
// hundredth 2.2 and 0.5.
#include "runtime/Balance.h"

#include <string.h>

namespace skip::runtime {

static constexpr int64_t lanes = 16;
static constexpr int64_t limit = 40; // of exponents: what a factor makes larger must stay far from infinity

static constexpr double partners = 3, mostNoise = 2, mostSmall = 0.4, small = 3.0 / 63;

/// The power of two nearest to the square root of `square`; 1 for zero, whose channel counts for nothing. `isWide` becomes true
/// where that is beyond the limit.
static float nearestPower(double square, bool &isWide) {
  if (!(square > 0))
    return 1;
  uint64_t squareBits;
  memcpy(&squareBits, &square, sizeof square);
  int64_t exponent = (static_cast<int64_t>(squareBits >> 52) - 1023 + 1) >> 1; // of sqrt(square), rounded
  isWide |= exponent < -limit || exponent > limit;
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
  bool isWide = false;

  const float *row(int64_t outBlock, int64_t k) const { return weights + ((outBlock * inBlocks) * lanes + k) * lanes; }

  /// sizes[k]: of w[k][j] / out[j] over j.
  void measureInputs(const float *inverseOut, float *sizes) {
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
      sizes[k] = nearestPower(sum / static_cast<double>(outBlocks * lanes), isWide);
    }
  }

  /// The same of w[k][j] / in[k] over k, and the reciprocals.
  void measureOutputs(const float *in, float *sizes, float *inverse) {
    for (int64_t block = 0; block < outBlocks; ++block) {
      double sums[lanes] = {};
      for (int64_t k = 0; k < inBlocks * lanes; ++k)
        for (int64_t lane = 0; lane < lanes; ++lane) {
          double weight = static_cast<double>(row(block, k)[lane]) / static_cast<double>(in[k]);
          sums[lane] += weight * weight;
        }
      for (int64_t lane = 0; lane < lanes; ++lane) {
        sizes[block * lanes + lane] = nearestPower(sums[lane] / static_cast<double>(inBlocks * lanes), isWide);
        inverse[block * lanes + lane] = 1 / sizes[block * lanes + lane];
      }
    }
  }

  bool isUnlike(const float *in, const float *inverseOut, int64_t inputs) const {
    bool any = isWide;
    for (int64_t block = 0; block < outBlocks && !any; ++block) {
      double sums[lanes] = {}, noise[lanes] = {}, smalls[lanes] = {};
      for (int64_t k = 0; k < inputs; ++k)
        for (int64_t lane = 0; lane < lanes; ++lane) {
          double rest = static_cast<double>(row(block, k)[lane]) * static_cast<double>(inverseOut[block * lanes + lane]) /
                        static_cast<double>(in[k]);
          rest = rest < 0 ? -rest : rest;
          sums[lane] += rest;
          noise[lane] += (rest + partners) * (rest + partners);
          smalls[lane] += rest < small ? 1 : 0;
        }
      for (int64_t lane = 0; lane < lanes; ++lane) {
        bool isNoisy = noise[lane] > mostNoise * mostNoise * sums[lane] * sums[lane];
        bool isSmall = smalls[lane] > mostSmall * static_cast<double>(inputs);
        any |= sums[lane] > 0 && (isNoisy || isSmall); // one of zeros counts for nothing
      }
    }
    return any;
  }
};
} // namespace

void balanceFilter(float *weights, int64_t outBlocks, int64_t inBlocks, int64_t halfBlocks, int64_t inputs) {
  Filter filter{weights, outBlocks, inBlocks};
  float *in = weights + outBlocks * inBlocks * lanes * lanes, *out = in + inBlocks * lanes, *inverse = out + outBlocks * lanes;
  for (int64_t j = 0; j < outBlocks * lanes; ++j)
    inverse[j] = 1;
  filter.measureInputs(inverse, in);
  filter.measureOutputs(in, out, inverse);
  filter.measureInputs(inverse, in);
  float *flags = inverse + outBlocks * lanes;
  memset(flags, 0, sizeof *flags * lanes);
  flags[0] = filter.isUnlike(in, inverse, inputs) ? 1 : 0;
  int64_t half = halfBlocks * lanes;
  for (int64_t chunk = 0; chunk < inBlocks * lanes; chunk += 2 * half)
    for (int64_t k = chunk; k < chunk + half; ++k) {
      float ratio = in[k + half] / in[k];
      in[k] = 1 / ratio;
      in[k + half] = ratio;
    }
}

} // namespace skip::runtime
