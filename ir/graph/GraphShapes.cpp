// The shape rules of windows.
#include "ir/graph/GraphShapes.h"

#include "llvm/Support/MathExtras.h"

using namespace skip;

std::optional<int64_t> graph::windowOutputSize(int64_t size, int64_t kernel, int64_t stride, int64_t padding) {
  constexpr int64_t limit = int64_t(1) << 40;
  if (size < 1 || kernel < 1 || stride < 1 || padding < 0 || size > limit || padding > limit || kernel > limit)
    return std::nullopt;
  int64_t room = size + 2 * padding - kernel;
  if (room < 0)
    return std::nullopt;
  return room / stride + 1;
}

std::optional<int64_t> graph::WindowAxis::outputSize(int64_t size) const {
  constexpr int64_t limit = int64_t(1) << 30;
  for (int64_t each : {size, kernel, stride, dilation})
    if (each < 1 || each > limit)
      return std::nullopt;
  if (before < 0 || after < 0 || before > limit || after > limit)
    return std::nullopt;
  int64_t room = size + before + after - extent();
  if (room < 0 && (!ceil || -room >= stride))
    return std::nullopt;
  if (!ceil)
    return room / stride + 1;
  int64_t count = (room < 0 ? 0 : llvm::divideCeil(room, stride)) + 1;
  return (count - 1) * stride >= size + before ? count - 1 : count;
}

std::optional<graph::WindowAxes> graph::windowAxes(const WindowAttributes &a) {
  if (a.kernel.size() != 2 || a.strides.size() != 2 || a.dilations.size() != 2 || a.pads.size() != 4)
    return std::nullopt;
  auto axis = [&](size_t i) { return WindowAxis{a.kernel[i], a.strides[i], a.pads[i], a.pads[i + 2], a.dilations[i], a.ceil}; };
  return WindowAxes{axis(0), axis(1)};
}

bool graph::areWholeBlocks(llvm::ArrayRef<int64_t> filter, int64_t groups, int64_t lanes) {
  return groups == 1 || (filter[1] % lanes == 0 && filter[0] / groups % lanes == 0);
}

int64_t graph::subsampledSize(int64_t size, int64_t stride) { return llvm::divideCeil(size, stride); }

int64_t graph::elementsPerImage(llvm::ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t dim : shape)
    count *= dim < 0 ? 1 : dim;
  return count;
}
