// Sizes of rows and columns are their mean squares. First those of input channels, then those of output channels over inputs
// that count alike, then those of input channels again, over outputs that do. Of a filter w[k][j] = a[k] b[j] r[k][j] with like
// r, that comes near to a and b. What is left, r, has a mean square of about 1, and so have the partners that the sums bring
// along: three to each weight. What they cost depends on the sizes x[k] of the inputs, which weights do not show: they may make
// up for a[k], or be alike, or be what batch norms before them say. Output j is unlike if for one of these x
//
//   sqrt(sum over k of (x[k] a[k] (|r[k][j]| + 3))^2) > 3 sum over k of x[k] a[k] |r[k][j]|       all roundings beside all
//   terms
//
// or if |r[k][j]| < 3 / 63, a weight's partners 64 times its size, for more than 0.4 of all k, or for all: an output of zeros
// is to be zero. The worst filters of a trained ResNet-50 have 2.7 and 0.33, normal numbers 0.5 and 0.1, a unit matrix with
// noise of a hundredth 2.2 and 0.5, normal numbers with one input of a hundredfold 4.2.
#include "runtime/Balance.h"

#include <string.h>

namespace skip::runtime {

static constexpr int64_t lanes = SKIP_LANES;
static constexpr int64_t limit = 40; // of exponents: what a factor makes larger must stay far from infinity

static constexpr double partners = 3, mostNoise = 3, mostSmall = 0.4, smallRest = partners / 63;
static constexpr float mostRatio = 1 << 20;

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
/// What the sums to one output lose beside what they give, for inputs of some sizes.
struct Noise {
  double terms = 0, squares = 0;

  /// A weight and what its partners bring along, times the input's size.
  void add(double size, double rest) {
    double with = size * (rest + partners);
    terms += size * rest;
    squares += with * with;
  }
  bool isMoreThan(double most) const { return squares > most * most * terms * terms; }
};

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

  /// In the first `inputs` rows, whose sizes are `in`, and `outputs` columns; `inputSizes` as balanceFilter has them.
  bool isUnlike(const float *in, const float *inverseOut, int64_t inputs, int64_t outputs, const double *inputSizes) const {
    for (int64_t j = 0; j < outputs; ++j) {
      Noise madeUp, alike, byNorms;
      double small = 0;
      for (int64_t k = 0; k < inputs; ++k) {
        double size = static_cast<double>(in[k]), weight = static_cast<double>(row(j / lanes, k)[j % lanes]);
        double rest = weight * static_cast<double>(inverseOut[j]) / size;
        rest = rest < 0 ? -rest : rest;
        madeUp.add(1, rest);
        alike.add(size, rest);
        byNorms.add(inputSizes ? size * inputSizes[k] : 0, rest);
        small += rest < smallRest ? 1 : 0;
      }
      if (madeUp.isMoreThan(mostNoise) || alike.isMoreThan(mostNoise) || byNorms.isMoreThan(mostNoise) ||
          small > mostSmall * static_cast<double>(inputs))
        return true;
    }
    return false;
  }
};
} // namespace

/// Whether sizes are farther apart than what inputs may be multiplied by: one of weights that count for nothing may be large.
static bool isWide(const float *sizes, int64_t count) {
  float least = sizes[0], most = sizes[0];
  for (int64_t i = 1; i < count; ++i) {
    least = sizes[i] < least ? sizes[i] : least;
    most = sizes[i] > most ? sizes[i] : most;
  }
  return most / least > mostRatio;
}

void balanceFilter(float *weights, int64_t outBlocks, int64_t inBlocks, int64_t halfBlocks, int64_t inputs, int64_t outputs,
                   const double *inputSizes) {
  Filter filter{weights, outBlocks, inBlocks};
  float *in = weights + outBlocks * inBlocks * lanes * lanes, *out = in + inBlocks * lanes, *inverse = out + outBlocks * lanes;
  for (int64_t j = 0; j < outBlocks * lanes; ++j)
    inverse[j] = 1;
  filter.measureInputs(inverse, in);
  filter.measureOutputs(in, out, inverse);
  filter.measureInputs(inverse, in);
  float *flags = inverse + outBlocks * lanes;
  memset(flags, 0, sizeof *flags * lanes);
  flags[0] = filter.isWide || isWide(in, inputs) || filter.isUnlike(in, inverse, inputs, outputs, inputSizes) ? 1 : 0;
  int64_t half = halfBlocks * lanes;
  for (int64_t chunk = 0; chunk < inBlocks * lanes; chunk += 2 * half)
    for (int64_t k = chunk; k < chunk + half; ++k) {
      float ratio = in[k + half] / in[k];
      in[k] = 1 / ratio;
      in[k + half] = ratio;
    }
}

} // namespace skip::runtime
