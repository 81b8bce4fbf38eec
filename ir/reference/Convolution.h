// The reference's convolution and matrix product, the only parts of it that are worth threads.
#pragma once

#include "ir/reference/Tensor.h"

namespace skip::reference {

/// x [N, I, H, W], filter [O, I, kh, kw], bias [O] or null -> [N, O, P, Q]. Zero padding on all sides.
Tensor convolve(const Tensor &x, const Tensor &filter, const Tensor *bias, int64_t stride, int64_t padding);

/// The gradient of x, a picture of height x width, where dy [N, O, P, Q] is that of convolve's result.
Tensor convolveGradInput(const Tensor &dy, const Tensor &filter, int64_t height, int64_t width, int64_t stride,
                         int64_t padding);

/// The gradient of the filter, [O, I, kernelHeight, kernelWidth].
Tensor convolveGradFilter(const Tensor &dy, const Tensor &x, int64_t kernelHeight, int64_t kernelWidth, int64_t stride,
                          int64_t padding);

/// Along one axis of a general convolution: the place that tap r of output p reads.
struct GeneralAxis {
  int64_t stride = 1, dilation = 1, before = 0;
  int64_t at(int64_t p, int64_t r) const { return p * stride + r * dilation - before; }
};
struct GeneralSizes {
  GeneralAxis rows, columns;
  int64_t groups = 1;
};

/// x [N, groups * I, H, W], filter [O, I, kh, kw], bias [O] or null -> [N, O, outHeight, outWidth].
Tensor convolveGeneral(const Tensor &x, const Tensor &filter, const Tensor *bias, const GeneralSizes &sizes, int64_t outHeight,
                       int64_t outWidth);
Tensor convolveGeneralGradInput(const Tensor &dy, const Tensor &filter, const GeneralSizes &sizes, int64_t height,
                                int64_t width);
Tensor convolveGeneralGradFilter(const Tensor &dy, const Tensor &x, const GeneralSizes &sizes, int64_t kernelHeight,
                                 int64_t kernelWidth);

/// x [N, K], filter [O, K], bias [O] or null -> [N, O].
Tensor multiply(const Tensor &x, const Tensor &filter, const Tensor *bias);

} // namespace skip::reference
