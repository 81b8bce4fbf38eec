// The shape rules of the graph dialect, shared by the front end (which words the errors for users) and the operations.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <optional>

namespace skip::graph {

/// floor((size + 2 * padding - kernel) / stride) + 1, or nothing when the window does not fit or an argument is out of range.
std::optional<int64_t> windowOutputSize(int64_t size, int64_t kernel, int64_t stride, int64_t padding);

/// The same of a window whose pixels lie `dilation` apart, with paddings of each end's own. With `ceil` also a last window that
/// reaches beyond the padded end, if it begins in front of the padding there.
struct WindowAxis {
  int64_t kernel = 1, stride = 1, before = 0, after = 0, dilation = 1;
  bool ceil = false;

  std::optional<int64_t> outputSize(int64_t size) const;
  /// From the first pixel to behind the last.
  int64_t extent() const { return (kernel - 1) * dilation + 1; }
};

/// Rows and columns, from attributes of two kernel sizes, strides and dilations and of four pads (above, left, below, right);
/// nothing where there are not so many.
struct WindowAttributes {
  llvm::ArrayRef<int64_t> kernel, strides, dilations, pads;
  bool ceil = false;
};
struct WindowAxes {
  WindowAxis rows, columns;
};
std::optional<WindowAxes> windowAxes(const WindowAttributes &attributes);

/// Whether each of the groups of a filter [O, I, kh, kw] is made of whole blocks of `lanes` channels on both sides, or there is
/// but one group.
bool areWholeBlocks(llvm::ArrayRef<int64_t> filter, int64_t groups, int64_t lanes);

/// ceil(size / stride).
int64_t subsampledSize(int64_t size, int64_t stride);

/// The product of the dimensions, the dynamic batch counted as one.
int64_t elementsPerImage(llvm::ArrayRef<int64_t> shape);

} // namespace skip::graph
