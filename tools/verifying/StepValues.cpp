// Index arithmetic by ir/plan/Layout.h, and the error measure.
#include "tools/verifying/StepValues.h"

#include "ir/plan/Layout.h"
#include "ir/plan/Rounding.h"

#include <cmath>
#include <limits>

using namespace skip;
using reference::Tensor;

/// The same of a tensor without images: a filter [O/16][I/b][kh][kw][b][16], b 1 or 16, a vector [O], or what is planar.
template <typename Visit> static void forEachParameter(mlir::RankedTensorType type, plan::LayoutAttr layout, Visit visit) {
  llvm::SmallVector<int64_t, 4> dims = plan::parameterDims(type);
  bool isPlanar = layout.getKind() == plan::LayoutKind::planar;
  int64_t outputs = isPlanar ? 1 : plan::lanesOf(layout.getKind()), index = 0, taps = dims[2] * dims[3];
  int64_t inputs = layout.getKind() == plan::LayoutKind::filter16 ? outputs : 1, blocks = (dims[1] + inputs - 1) / inputs;
  for (int64_t o = 0; o < dims[0]; ++o)
    for (int64_t i = 0; i < dims[1]; ++i)
      for (int64_t tap = 0; tap < taps; ++tap)
        visit(index++, (((o / outputs * blocks + i / inputs) * taps + tap) * inputs + i % inputs) * outputs + o % outputs);
}

/// Calls visit(index in NCHW order, offset from the interior origin in elements) for each element.
template <typename Visit>
static void forEachElement(mlir::RankedTensorType type, plan::LayoutAttr layout, int64_t images, Visit visit) {
  if (!plan::isPerImage(type))
    return forEachParameter(type, layout, visit);
  plan::Strides s = plan::stridesOf(type, layout);
  int64_t lanes = plan::lanesOf(layout.getKind(), layout.getElement()), index = 0;
  for (int64_t n = 0; n < images; ++n)
    for (int64_t c = 0; c < s.channels; ++c)
      for (int64_t y = 0; y < s.height; ++y) {
        int64_t row = n * s.image + c / lanes * s.block + y * s.row + c % lanes;
        for (int64_t x = 0; x < s.width; ++x)
          visit(index++, row + x * s.pixel);
      }
}

namespace {
/// How elements of a layout are read and written. The attribute is asked once, not for each of them.
struct Elements {
  explicit Elements(plan::LayoutAttr layout)
      : element(layout.getElement()), bytes(plan::elementBytes(layout)), addends(plan::addendsOf(layout)) {}

  /// An element, as its reader has it: addends, `stride` elements apart, are added up in f32.
  double read(const std::byte *first, int64_t stride) const {
    double value = plan::readElement(element, first);
    for (int64_t addend = 1; addend < addends; ++addend)
      value = static_cast<float>(value) + static_cast<float>(plan::readElement(element, first + addend * stride * bytes));
    return value;
  }

  plan::Element element;
  int64_t bytes, addends;
};
} // namespace

Tensor tool::readLayout(const void *interior, mlir::RankedTensorType type, plan::LayoutAttr layout, int64_t images) {
  std::vector<int64_t> shape = type.getShape().vec();
  if (plan::isPerImage(type))
    shape[0] = images;
  Tensor tensor(std::move(shape));
  const auto *bytes = static_cast<const std::byte *>(interior);
  int64_t stride = plan::isPerImage(type) ? plan::stridesOf(type, layout).addend : 0;
  Elements elements(layout);
  forEachElement(type, layout, images, [&](int64_t index, int64_t offset) {
    tensor.data[index] = elements.read(bytes + offset * elements.bytes, stride);
  });
  return tensor;
}

void tool::writeLayout(const Tensor &tensor, void *interior, mlir::RankedTensorType type, plan::LayoutAttr layout) {
  auto *bytes = static_cast<std::byte *>(interior);
  Elements elements(layout);
  forEachElement(type, layout, tensor.dim(0), [&](int64_t index, int64_t offset) {
    plan::writeElement(elements.element, bytes + offset * elements.bytes, tensor.data[index]);
  });
}

double tool::relativeError(const Tensor &compiled, const Tensor &reference, double least) {
  if (compiled.shape != reference.shape)
    return std::numeric_limits<double>::quiet_NaN();
  double largest = least, difference = 0;
  for (int64_t i = 0; i < reference.size(); ++i) {
    double distance = std::abs(compiled.data[i] - reference.data[i]);
    if (std::isnan(distance))
      return std::numeric_limits<double>::quiet_NaN();
    difference = std::max(difference, distance);
    largest = std::max(largest, std::abs(reference.data[i]));
  }
  return difference == 0 ? 0 : difference / largest;
}
