// Convolutions of groups, with strides, dilations and padding of each axis, and their gradients, by their definition: all three
// visit the same products y[n, o, p, q] <-> x[n, i, h, w] w[o, i % I, r, s].
#include "ir/reference/Convolution.h"
#include "ir/reference/ParallelFor.h"

using namespace skip::reference;

namespace {
/// The products of one image, output channel and input channel of its group.
struct Plane {
  const GeneralSizes &sizes;
  int64_t height, width, outHeight, outWidth, kernelHeight, kernelWidth;

  /// f(output, input, tap) for each, as indexes of their planes.
  template <typename Function> void visit(Function f) const {
    for (int64_t r = 0; r < kernelHeight; ++r)
      for (int64_t s = 0; s < kernelWidth; ++s)
        for (int64_t p = 0; p < outHeight; ++p) {
          int64_t h = sizes.rows.at(p, r);
          if (h < 0 || h >= height)
            continue;
          for (int64_t q = 0; q < outWidth; ++q)
            if (int64_t w = sizes.columns.at(q, s); w >= 0 && w < width)
              f(p * outWidth + q, h * width + w, r * kernelWidth + s);
        }
  }
  int64_t outputs() const { return outHeight * outWidth; }
  int64_t inputs() const { return height * width; }
  int64_t taps() const { return kernelHeight * kernelWidth; }
};
} // namespace

Tensor skip::reference::convolveGeneral(const Tensor &x, const Tensor &filter, const Tensor *bias, const GeneralSizes &sizes,
                                        int64_t outHeight, int64_t outWidth) {
  int64_t outChannels = filter.dim(0), depth = filter.dim(1), inGroup = outChannels / sizes.groups;
  Plane plane{sizes, x.dim(2), x.dim(3), outHeight, outWidth, filter.dim(2), filter.dim(3)};
  Tensor y({x.dim(0), outChannels, outHeight, outWidth});
  parallelFor(x.dim(0) * outChannels, [&](int64_t unit) {
    int64_t n = unit / outChannels, o = unit % outChannels;
    double *to = y.data.data() + unit * plane.outputs();
    std::fill_n(to, plane.outputs(), bias ? bias->data[o] : 0.0);
    for (int64_t i = 0; i < depth; ++i) {
      const double *from = x.data.data() + (n * x.dim(1) + o / inGroup * depth + i) * plane.inputs();
      const double *taps = filter.data.data() + (o * depth + i) * plane.taps();
      plane.visit([&](int64_t output, int64_t input, int64_t tap) { to[output] += from[input] * taps[tap]; });
    }
  });
  return y;
}

Tensor skip::reference::convolveGeneralGradInput(const Tensor &dy, const Tensor &filter, const GeneralSizes &sizes,
                                                 int64_t height, int64_t width) {
  int64_t depth = filter.dim(1), inGroup = filter.dim(0) / sizes.groups, inChannels = sizes.groups * depth;
  Plane plane{sizes, height, width, dy.dim(2), dy.dim(3), filter.dim(2), filter.dim(3)};
  Tensor dx({dy.dim(0), inChannels, height, width});
  parallelFor(dy.dim(0) * inChannels, [&](int64_t unit) {
    int64_t n = unit / inChannels, c = unit % inChannels, first = c / depth * inGroup;
    double *to = dx.data.data() + unit * plane.inputs();
    for (int64_t o = first; o < first + inGroup; ++o) {
      const double *from = dy.data.data() + (n * dy.dim(1) + o) * plane.outputs();
      const double *taps = filter.data.data() + (o * depth + c % depth) * plane.taps();
      plane.visit([&](int64_t output, int64_t input, int64_t tap) { to[input] += from[output] * taps[tap]; });
    }
  });
  return dx;
}

Tensor skip::reference::convolveGeneralGradFilter(const Tensor &dy, const Tensor &x, const GeneralSizes &sizes,
                                                  int64_t kernelHeight, int64_t kernelWidth) {
  int64_t outChannels = dy.dim(1), depth = x.dim(1) / sizes.groups, inGroup = outChannels / sizes.groups;
  Plane plane{sizes, x.dim(2), x.dim(3), dy.dim(2), dy.dim(3), kernelHeight, kernelWidth};
  Tensor dw({outChannels, depth, kernelHeight, kernelWidth});
  parallelFor(outChannels * depth, [&](int64_t unit) {
    int64_t o = unit / depth, c = o / inGroup * depth + unit % depth;
    double *taps = dw.data.data() + unit * plane.taps();
    for (int64_t n = 0; n < x.dim(0); ++n) {
      const double *from = x.data.data() + (n * x.dim(1) + c) * plane.inputs();
      const double *gradient = dy.data.data() + (n * outChannels + o) * plane.outputs();
      plane.visit([&](int64_t output, int64_t input, int64_t tap) { taps[tap] += from[input] * gradient[output]; });
    }
  });
  return dw;
}
