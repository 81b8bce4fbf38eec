// Output sizes as the format says them: floor((size + padding - span) / stride) + 1, or with ceil_mode the same rounded up, but
// without windows that would begin behind the image and its first padding.
#include "tools/import/Windows.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace skip::onnx;

static constexpr int64_t most = INT32_MAX; // of any size here, so that sums of few products do not overflow

std::optional<int64_t> Window::outputSize(const Extent &extent, int64_t size) const {
  int64_t room = size + extent.before + extent.after - extent.span();
  if (room < 0)
    return std::nullopt;
  int64_t count = (room + (ceil ? extent.stride - 1 : 0)) / extent.stride + 1;
  if (ceil && (count - 1) * extent.stride >= size + extent.before)
    --count;
  return count;
}

/// SAME: as many outputs as size / stride rounded up; what is odd of the padding stands at the end or the beginning.
static void padSame(Extent &extent, int64_t size, bool oddAtEnd) {
  int64_t outputs = (size + extent.stride - 1) / extent.stride;
  int64_t total = std::max<int64_t>(0, (outputs - 1) * extent.stride + extent.span() - size);
  (oddAtEnd ? extent.before : extent.after) = total / 2;
  (oddAtEnd ? extent.after : extent.before) = total - total / 2;
}

static bool inRange(llvm::ArrayRef<int64_t> values, int64_t least) {
  for (int64_t value : values)
    if (value < least || value > most)
      return false;
  return true;
}

/// Of `sizes.size()` directions.
static std::vector<Extent> readExtents(Attributes &attributes, llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<int64_t> kernel,
                                       std::string &problem) {
  size_t rank = sizes.size();
  std::vector<int64_t> kernels = attributes.integers("kernel_shape", kernel.vec());
  std::vector<int64_t> strides = attributes.integers("strides", std::vector<int64_t>(rank, 1));
  std::vector<int64_t> dilations = attributes.integers("dilations", std::vector<int64_t>(rank, 1));
  std::vector<int64_t> pads = attributes.integers("pads", std::vector<int64_t>(2 * rank, 0));
  std::string automatic = attributes.text("auto_pad", "NOTSET");
  std::vector<Extent> extents(rank);
  if (kernels.size() != rank || strides.size() != rank || dilations.size() != rank || pads.size() != 2 * rank)
    problem = "its window is not one of " + std::to_string(rank) + (rank == 1 ? " dimension" : " dimensions");
  else if (!inRange(kernels, 1) || !inRange(strides, 1) || !inRange(dilations, 1) || !inRange(pads, 0))
    problem = "a kernel, stride or dilation below 1, a padding below 0, or one beyond 2^31";
  else if (!llvm::is_contained({"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"}, automatic))
    problem = "`auto_pad` is none of NOTSET, VALID, SAME_UPPER, SAME_LOWER";
  if (!problem.empty())
    return extents;
  bool isSame = llvm::StringRef(automatic).starts_with("SAME");
  for (size_t d = 0; d < rank; ++d) {
    extents[d] = {kernels[d], strides[d], dilations[d], pads[d], pads[d + rank]};
    if (automatic != "NOTSET")
      extents[d].before = extents[d].after = 0;
    if (isSame)
      padSame(extents[d], sizes[d], automatic == "SAME_UPPER");
  }
  return extents;
}

Window skip::onnx::readWindow(Attributes &attributes, int64_t height, int64_t width, llvm::ArrayRef<int64_t> kernel,
                              std::string &problem) {
  Window window;
  window.ceil = attributes.integer("ceil_mode", 0) != 0;
  std::vector<Extent> extents = readExtents(attributes, {height, width}, kernel, problem);
  window.height = extents[0], window.width = extents[1];
  return window;
}

Extent skip::onnx::readExtent(Attributes &attributes, int64_t size, int64_t kernel, std::string &problem) {
  return readExtents(attributes, size, kernel, problem)[0];
}

ArgumentValue skip::onnx::pairValue(int64_t rows, int64_t columns) {
  return rows == columns ? ArgumentValue(rows) : ArgumentValue(std::vector<int64_t>{rows, columns});
}

ArgumentValue skip::onnx::padsOf(const Window &window) {
  const auto &[h, w, ceil] = window;
  if (h.before == h.after && w.before == w.after)
    return pairValue(h.before, w.before);
  return std::vector<int64_t>{h.before, w.before, h.after, w.after};
}

ArgumentValue skip::onnx::samePads(const Window &window) {
  auto same = [](const Extent &extent) { return extent.dilation * (extent.kernel - 1) / 2; };
  return pairValue(same(window.height), same(window.width));
}

llvm::Error skip::onnx::checkExtents(const NodeMapping &node, const Window &window) {
  constexpr int64_t most = 1 << 20;
  for (const Extent &extent : {window.height, window.width})
    for (int64_t number : {extent.kernel, extent.stride, extent.dilation, extent.before, extent.after})
      if (number > most)
        return node.fail("a kernel, stride, dilation or padding of " + llvm::Twine(number) + "; Skip takes up to " +
                         llvm::Twine(most));
  return llvm::Error::success();
}
