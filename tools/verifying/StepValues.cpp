// Index arithmetic by ir/plan/Layout.h, and the error measure.
#include "tools/verifying/StepValues.h"

#include "ir/plan/Layout.h"

#include <cmath>
#include <limits>

using namespace skip;
using reference::Tensor;

/// Calls visit(index in NCHW order, offset from the interior origin in elements) for each element.
template <typename Visit>
static void forEachElement(mlir::RankedTensorType type, plan::LayoutAttr layout, int64_t images, Visit visit) {
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

Tensor tool::readLayout(const float *interior, mlir::RankedTensorType type, plan::LayoutAttr layout, int64_t images) {
  std::vector<int64_t> shape = type.getShape().vec();
  shape[0] = images;
  Tensor tensor(std::move(shape));
  forEachElement(type, layout, images,
                 [&](int64_t index, int64_t offset) { tensor.data[index] = static_cast<double>(interior[offset]); });
  return tensor;
}

void tool::writeLayout(const Tensor &tensor, float *interior, mlir::RankedTensorType type, plan::LayoutAttr layout) {
  forEachElement(type, layout, tensor.dim(0),
                 [&](int64_t index, int64_t offset) { interior[offset] = static_cast<float>(tensor.data[index]); });
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
