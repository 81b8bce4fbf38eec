// The reference's convolution and matrix product, the only parts of it that are worth threads.
#pragma once

#include "ir/reference/Tensor.h"

namespace skip::reference {

/// x [N, I, H, W], filter [O, I, kh, kw], bias [O] or null -> [N, O, P, Q]. Zero padding on all sides.
Tensor convolve(const Tensor &x, const Tensor &filter, const Tensor *bias, int64_t stride, int64_t padding);

/// x [N, K], filter [O, K], bias [O] or null -> [N, O].
Tensor multiply(const Tensor &x, const Tensor &filter, const Tensor *bias);

} // namespace skip::reference
