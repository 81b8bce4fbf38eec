// G g G^T for 16 output channels at a time: every step is a loop over them, which the C++ compiler turns into vectors.
//
// For one input channel and 16 output channels, the (m + 2)^2 results are as many runs of 64 bytes, each of which the next
// input channel continues; the filters are read in the file's order, 16 streams at once.
#include "runtime/WinogradFilter.h"

#include "runtime/Element.h"
#include "runtime/WinogradPoints.h"

namespace skip::runtime {

static constexpr int64_t lanes = 16, taps = 3, maxPoints = 8;

namespace {

struct Lanes {
  double value[lanes];
};

/// The matrix G: a row for each point.
struct FilterMatrix {
  int64_t points;
  double rows[maxPoints][taps];
};

} // namespace

/// M'(a) at the finite point a: the product of its distances from the others.
static double derivative(const WinogradPoints &points, double a) {
  double product = a == 0 ? 1 : 2 * a * a; // a - 0 and a - (-a)
  for (int i = 0; i < points.count; ++i)
    if (points.pairs[i] != a && points.pairs[i] != -a)
      product *= (a - points.pairs[i]) * (a + points.pairs[i]);
  return product;
}

static FilterMatrix filterMatrix(int64_t tile) {
  WinogradPoints points = winogradPoints(tile);
  FilterMatrix g = {tile + 2, {}};
  for (int64_t row = 0; row < tile + 1; ++row) {
    double a = row == 0 ? 0 : points.pairs[(row - 1) / 2] * (row % 2 ? 1 : -1), scale = 1 / derivative(points, a);
    g.rows[row][0] = scale;
    g.rows[row][1] = scale * a;
    g.rows[row][2] = scale * a * a;
  }
  g.rows[tile + 1][2] = 1;
  return g;
}

/// out = row[0] * x[0] + row[1] * x[stride] + row[2] * x[2 * stride]
static void multiplyRow(const double *row, const Lanes *x, int64_t stride, Lanes &out) {
  for (int64_t o = 0; o < lanes; ++o)
    out.value[o] = row[0] * x[0].value[o] + row[1] * x[stride].value[o] + row[2] * x[2 * stride].value[o];
}

/// The results of one input channel, `stride` floats apart.
static void transform(const FilterMatrix &g, const Lanes *filter, bool accumulate, int64_t stride, float *to) {
  Lanes half[maxPoints * taps]; // G g
  for (int64_t i = 0; i < g.points; ++i)
    for (int64_t tap = 0; tap < taps; ++tap)
      multiplyRow(g.rows[i], filter + tap, taps, half[i * taps + tap]);
  for (int64_t i = 0; i < g.points; ++i)
    for (int64_t j = 0; j < g.points; ++j, to += stride) {
      Lanes result;
      multiplyRow(g.rows[j], half + i * taps, 1, result);
      for (int64_t o = 0; o < lanes; ++o)
        to[o] = accumulate ? to[o] + static_cast<float>(result.value[o]) : static_cast<float>(result.value[o]);
    }
}

template <typename Element> static void packAs(const WinogradFilter &filter, int64_t first, const double *scale, float *to) {
  FilterMatrix g = filterMatrix(filter.tile);
  int64_t outBlocks = (filter.outputs + lanes - 1) / lanes, inBlocks = (filter.inputs + lanes - 1) / lanes;
  int64_t count = filter.outputs - first < lanes ? filter.outputs - first : lanes;
  to += first / lanes * inBlocks * lanes * lanes;
  for (int64_t i = 0; i < inBlocks * lanes; ++i, to += lanes) {
    Lanes values[taps * taps] = {};
    for (int64_t o = 0; o < count && i < filter.inputs; ++o) {
      const uint8_t *from = filter.weight.data + ((first + o) * filter.inputs + i) * taps * taps * Element::bytes;
      for (int64_t tap = 0; tap < taps * taps; ++tap)
        values[tap].value[o] = Element::read(from + tap * Element::bytes) * scale[o];
    }
    transform(g, values, filter.accumulate, outBlocks * inBlocks * lanes * lanes, to);
  }
}

void packWinogradBlock(const WinogradFilter &filter, int64_t first, const double *scale, float *to) {
  switch (filter.weight.type) {
  case ElementType::F32:
    return packAs<ElementF32>(filter, first, scale, to);
  case ElementType::F16:
    return packAs<ElementF16>(filter, first, scale, to);
  default:
    return packAs<ElementBF16>(filter, first, scale, to);
  }
}

} // namespace skip::runtime
