// What convolutions and pools say of their windows.
#pragma once

#include "tools/import/NodeMapping.h"

namespace skip::onnx {

/// One direction of a window.
struct Extent {
  int64_t kernel = 1, stride = 1, dilation = 1, before = 0, after = 0; ///< the last two are padding

  /// From the first to the last tap.
  int64_t span() const { return (kernel - 1) * dilation + 1; }
};

struct Window {
  Extent height, width;
  bool ceil = false; ///< output sizes are rounded up

  /// Of an image of that many rows or columns; nothing if no window fits.
  std::optional<int64_t> outputSize(const Extent &extent, int64_t size) const;
};

/// Reads kernel_shape, strides, dilations, pads, auto_pad and ceil_mode. `height` and `width` are the image's, which auto_pad
/// depends on, and `kernel` is what kernel_shape is where it is left out. In `problem`, where there is one, what is wrong.
Window readWindow(Attributes &attributes, int64_t height, int64_t width, llvm::ArrayRef<int64_t> kernel, std::string &problem);

/// The same of one direction, of `size` pixels.
Extent readExtent(Attributes &attributes, int64_t size, int64_t kernel, std::string &problem);

/// One number where both directions have the same, else [rows, columns].
ArgumentValue pairValue(int64_t rows, int64_t columns);
/// The padding, as the language writes it; and what it is without saying: dilation (kernel - 1) / 2 rounded down.
ArgumentValue padsOf(const Window &window);
ArgumentValue samePads(const Window &window);

/// An error where a number is larger than the language takes.
llvm::Error checkExtents(const NodeMapping &node, const Window &window);

} // namespace skip::onnx
