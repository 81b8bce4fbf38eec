// Convolution as shifted rows: y's row p gains, for each input channel i and filter tap (r, s), x's row p * stride + r -
// padding times one scalar. The inner loop runs over output columns, so the compiler vectorises it for stride 1; output planes
// are shared out over the cores, and each element is summed in one fixed order, whatever the number of cores.
#include "ir/reference/Convolution.h"

#include <algorithm>
#include <atomic>
#include <thread>

using namespace skip::reference;

/// Calls body(i) for each i in [0, count), on all cores.
template <typename Body> static void parallelFor(int64_t count, const Body &body) {
  std::atomic<int64_t> next{0};
  auto work = [&] {
    for (int64_t i = next++; i < count; i = next++)
      body(i);
  };
  int64_t helpers = std::min<int64_t>(count, std::thread::hardware_concurrency()) - 1;
  std::vector<std::thread> threads;
  for (int64_t i = 0; i < helpers; ++i)
    threads.emplace_back(work);
  work();
  for (std::thread &thread : threads)
    thread.join();
}

/// The output positions [first, last) whose input position `out * stride + offset` lies in [0, size).
static std::pair<int64_t, int64_t> validRange(int64_t outSize, int64_t size, int64_t stride, int64_t offset) {
  int64_t first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  int64_t last = offset >= size ? 0 : (size - 1 - offset) / stride + 1;
  return {std::min(first, outSize), std::clamp<int64_t>(last, std::min(first, outSize), outSize)};
}

__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"))) static void
addScaledRow(double *y, const double *x, double scale, int64_t count, int64_t stride) {
  if (stride == 1) {
    for (int64_t q = 0; q < count; ++q)
      y[q] += x[q] * scale;
    return;
  }
  for (int64_t q = 0; q < count; ++q)
    y[q] += x[q * stride] * scale;
}

Tensor skip::reference::convolve(const Tensor &x, const Tensor &filter, const Tensor *bias, int64_t stride, int64_t padding) {
  int64_t channels = x.dim(1), height = x.dim(2), width = x.dim(3);
  int64_t outChannels = filter.dim(0), kh = filter.dim(2), kw = filter.dim(3);
  int64_t outHeight = (height + 2 * padding - kh) / stride + 1, outWidth = (width + 2 * padding - kw) / stride + 1;
  Tensor y({x.dim(0), outChannels, outHeight, outWidth});
  parallelFor(x.dim(0) * outChannels, [&](int64_t plane) {
    int64_t n = plane / outChannels, o = plane % outChannels;
    double *out = y.data.data() + plane * outHeight * outWidth;
    std::fill_n(out, outHeight * outWidth, bias ? bias->data[o] : 0.0);
    for (int64_t i = 0; i < channels; ++i) {
      const double *in = x.data.data() + (n * channels + i) * height * width;
      const double *taps = filter.data.data() + (o * channels + i) * kh * kw;
      for (int64_t r = 0; r < kh; ++r)
        for (int64_t s = 0; s < kw; ++s) {
          auto [top, bottom] = validRange(outHeight, height, stride, r - padding);
          auto [left, right] = validRange(outWidth, width, stride, s - padding);
          for (int64_t p = top; p < bottom; ++p)
            addScaledRow(out + p * outWidth + left, in + (p * stride + r - padding) * width + left * stride + s - padding,
                         taps[r * kw + s], right - left, stride);
        }
    }
  });
  return y;
}

Tensor skip::reference::multiply(const Tensor &x, const Tensor &filter, const Tensor *bias) {
  int64_t depth = x.dim(1), outputs = filter.dim(0);
  Tensor y({x.dim(0), outputs});
  parallelFor(outputs, [&](int64_t o) {
    for (int64_t n = 0; n < x.dim(0); ++n) {
      double sum = bias ? bias->data[o] : 0.0;
      for (int64_t k = 0; k < depth; ++k)
        sum += x.data[n * depth + k] * filter.data[o * depth + k];
      y.data[n * outputs + o] = sum;
    }
  });
  return y;
}
