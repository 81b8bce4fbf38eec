// The reference's gradients of a convolution, by their definitions. Both run over the outputs that a tap meets:
//
//   p * stride + r - padding in [0, height)   <=>   p in [first, last) of Taps
#include "ir/reference/Convolution.h"
#include "ir/reference/ParallelFor.h"

using namespace skip::reference;

namespace {
/// Along one axis: the outputs for which tap r reads inside of the picture.
struct Taps {
  int64_t size, outputs, stride, padding;
  int64_t at(int64_t p, int64_t r) const { return p * stride + r - padding; }
  int64_t first(int64_t r) const { return std::max<int64_t>(0, (padding - r + stride - 1) / stride); }
  int64_t last(int64_t r) const {
    int64_t room = size - 1 + padding - r;
    return room < 0 ? 0 : std::min(outputs, room / stride + 1);
  }
};
} // namespace

static double *plane(Tensor &tensor, int64_t n, int64_t c) {
  return tensor.data.data() + (n * tensor.dim(1) + c) * tensor.dim(2) * tensor.dim(3);
}

static const double *plane(const Tensor &tensor, int64_t n, int64_t c) {
  return tensor.data.data() + (n * tensor.dim(1) + c) * tensor.dim(2) * tensor.dim(3);
}

Tensor skip::reference::convolveGradInput(const Tensor &dy, const Tensor &filter, int64_t height, int64_t width, int64_t stride,
                                          int64_t padding) {
  int64_t inputs = filter.dim(1);
  Tensor dx({dy.dim(0), inputs, height, width});
  Taps rows{height, dy.dim(2), stride, padding}, columns{width, dy.dim(3), stride, padding};
  parallelFor(dy.dim(0) * inputs, [&](int64_t unit) {
    int64_t n = unit / inputs, i = unit % inputs;
    double *to = plane(dx, n, i);
    for (int64_t o = 0; o < filter.dim(0); ++o)
      for (int64_t r = 0; r < filter.dim(2); ++r)
        for (int64_t s = 0; s < filter.dim(3); ++s) {
          double weight = plane(filter, o, i)[r * filter.dim(3) + s];
          for (int64_t p = rows.first(r); p < rows.last(r); ++p)
            for (int64_t q = columns.first(s); q < columns.last(s); ++q)
              to[rows.at(p, r) * width + columns.at(q, s)] += weight * plane(dy, n, o)[p * dy.dim(3) + q];
        }
  });
  return dx;
}

Tensor skip::reference::convolveGradFilter(const Tensor &dy, const Tensor &x, int64_t kernelHeight, int64_t kernelWidth,
                                           int64_t stride, int64_t padding) {
  int64_t inputs = x.dim(1), width = x.dim(3);
  Tensor dw({dy.dim(1), inputs, kernelHeight, kernelWidth});
  Taps rows{x.dim(2), dy.dim(2), stride, padding}, columns{width, dy.dim(3), stride, padding};
  parallelFor(dy.dim(1) * inputs, [&](int64_t unit) {
    int64_t o = unit / inputs, i = unit % inputs;
    for (int64_t r = 0; r < kernelHeight; ++r)
      for (int64_t s = 0; s < kernelWidth; ++s) {
        double sum = 0;
        for (int64_t n = 0; n < dy.dim(0); ++n)
          for (int64_t p = rows.first(r); p < rows.last(r); ++p)
            for (int64_t q = columns.first(s); q < columns.last(s); ++q)
              sum += plane(dy, n, o)[p * dy.dim(3) + q] * plane(x, n, i)[rows.at(p, r) * width + columns.at(q, s)];
        plane(dw, o, i)[r * kernelWidth + s] = sum;
      }
  });
  return dw;
}
