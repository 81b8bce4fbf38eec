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

int64_t graph::subsampledSize(int64_t size, int64_t stride) { return llvm::divideCeil(size, stride); }

int64_t graph::elementsPerImage(llvm::ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t dim : shape)
    count *= dim < 0 ? 1 : dim;
  return count;
}
