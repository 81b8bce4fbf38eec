// The windows of Pillow's Image.resize, in its own arithmetic, so that results agree to the bit.
//
// An output pixel's centre, mapped to the input, is c = (x + 1/2) * scale, scale = input size / output size. It is a
// weighted mean of the input's pixels around c: bilinear by a triangle that reaches max(scale, 1) to each side, bicubic by
// Keys' cubic of a = -1/2 that reaches twice as far. Scaled down, every pixel of the input so counts (antialiasing); scaled up,
// this is plain interpolation. Example: 4 pixels to 2, bilinear, scale 2: pixel 0 has c = 1 and weights 3, 3, 1 (/ 7) on pixels
// 0, 1, 2.
//
// Weights are made in double precision, normalised, and rounded to 22 fractional bits, halves away from zero. A sum of bytes
// by such weights fits 32 bits. A product of a byte and a weight needs 31 of them, so weights are stored as upper * 2^11 +
// lower, of 16 bits each, which multiply-add instructions take in pairs; sums of both parts are put together in the end, modulo
// 2^32.
#include "runtime/picture/Windows.h"

namespace skip::runtime {

/// How far the filter reaches to each side.
static double supportOf(const Side &side) {
  double scale = static_cast<double>(side.input) / static_cast<double>(side.output);
  return (side.filter == SKIP_FILTER_BICUBIC ? 2.0 : 1.0) * (scale < 1.0 ? 1.0 : scale);
}

int64_t Side::mostPixels() const {
  if (!isScaled())
    return 1;
  double support = supportOf(*this);
  auto whole = static_cast<int64_t>(support);
  return 2 * (whole + (static_cast<double>(whole) < support)) + 1;
}

static double triangle(double x) { return x < 1.0 ? 1.0 - x : 0.0; }

static double cubic(double x) {
  constexpr double a = -0.5;
  if (x < 1.0)
    return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  return x < 2.0 ? (((x - 5) * x + 8) * x - 4) * a : 0.0;
}

static double centreOf(const Side &side, int64_t output) {
  return (static_cast<double>(output) + 0.5) * (static_cast<double>(side.input) / static_cast<double>(side.output));
}

Window windowOf(const Side &side, int64_t output) {
  if (!side.isScaled())
    return {output, 1};
  double centre = centreOf(side, output), support = supportOf(side);
  auto first = static_cast<int64_t>(centre - support + 0.5), end = static_cast<int64_t>(centre + support + 0.5);
  first = first < 0 ? 0 : first;
  return {first, (end < side.input ? end : side.input) - first};
}

namespace {
/// The unnormalised weight of each pixel of a window.
class Weigher {
public:
  Weigher(const Side &side, const Window &window, int64_t output)
      : isCubic(side.filter == SKIP_FILTER_BICUBIC), first(window.first), centre(centreOf(side, output)),
        inverse(1.0 / (supportOf(side) / (isCubic ? 2.0 : 1.0))) {}
  double operator()(int64_t pixel) const {
    double x = (static_cast<double>(pixel + first) - centre + 0.5) * inverse;
    x = x < 0.0 ? -x : x;
    return isCubic ? cubic(x) : triangle(x);
  }

private:
  const bool isCubic;
  const int64_t first;
  const double centre, inverse;
};
} // namespace

void writeWeights(const Side &side, int64_t output, int64_t lead, int64_t groupSize, int64_t groups, int16_t *weights) {
  for (int64_t i = 0; i < 2 * groupSize * groups; ++i)
    weights[i] = 0;
  Window window = windowOf(side, output);
  auto store = [&](int64_t pixel, int32_t weight) {
    int64_t place = lead + pixel, group = place / groupSize;
    int16_t *upper = weights + 2 * groupSize * group + place % groupSize;
    upper[0] = static_cast<int16_t>(weight >> lowBits);
    upper[groupSize] = static_cast<int16_t>(weight & ((1 << lowBits) - 1));
  };
  if (!side.isScaled())
    return store(0, 1 << weightBits);
  Weigher weigh(side, window, output);
  double sum = 0;
  for (int64_t pixel = 0; pixel < window.count; ++pixel)
    sum += weigh(pixel);
  for (int64_t pixel = 0; pixel < window.count; ++pixel) {
    double weight = sum != 0.0 ? weigh(pixel) / sum : weigh(pixel);
    store(pixel, static_cast<int32_t>((weight < 0.0 ? -0.5 : 0.5) + weight * (1 << weightBits)));
  }
}

} // namespace skip::runtime
