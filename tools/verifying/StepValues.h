// The results of a plan's steps, out of their memory layout and back.
#pragma once

#include "ir/plan/Plan.h"
#include "ir/reference/Tensor.h"

namespace skip::tool {

/// The logical values of `images` images that lie at `interior` (their interior origin) in `layout`; of a tensor without images
/// all.
reference::Tensor readLayout(const void *interior, mlir::RankedTensorType type, plan::LayoutAttr layout, int64_t images);

/// The reverse, each value rounded to the layout's element; halo and padding channels stay as they are.
void writeLayout(const reference::Tensor &tensor, void *interior, mlir::RankedTensorType type, plan::LayoutAttr layout);

/// max|c - r| / max(|r|, least); NaN if any value is NaN; 0 where both are all zero.
double relativeError(const reference::Tensor &compiled, const reference::Tensor &reference, double least = 0);

} // namespace skip::tool
