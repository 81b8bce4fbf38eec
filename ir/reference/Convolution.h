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

/// x [N, K], filter [O, K], bias [O] or null -> [N, O].
Tensor multiply(const Tensor &x, const Tensor &filter, const Tensor *bias);

} // namespace skip::reference
