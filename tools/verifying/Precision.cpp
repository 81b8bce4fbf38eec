#include "tools/verifying/Precision.h"

#include "ir/plan/Contractions.h"
#include "ir/plan/Rounding.h"

#include <cmath>

using namespace skip;
using reference::Tensor;
using tool::StepPrecision;
using tool::StoredFilter;

static constexpr double leastOfF16 = 0x1p-25; // half of the distance between its smallest numbers

static StoredFilter filterOf(plan::LoadOp load) {
  StoredFilter filter{load.getLayout().getElement(), "", "", load.getEpsilon().convertToDouble()};
  if (load.getGamma() && load.getVariance()) {
    filter.gamma = load.getGamma()->str();
    filter.variance = load.getVariance()->str();
  }
  return filter;
}

StepPrecision::StepPrecision(plan::KernelOp kernel) {
  mlir::FailureOr<plan::TargetInterface> target = plan::targetOf(kernel);
  if (failed(target) || target->precision() == plan::Precision::f32)
    return;
  precision = target->precision();
  plan::Element element = kernel.outputLayout(0).getElement();
  stored = element == plan::Element::f32 ? 0 : plan::storedUnit(precision);
  smallest = element == plan::Element::f16 ? leastOfF16 : 0;
  truncated = plan::truncationOf(kernel);
  for (const plan::ContractionView &view : plan::contractionsOf(kernel)) {
    auto load = kernel.getInputs()[view.filter.getArgNumber()].getDefiningOp<plan::LoadOp>();
    if (!load || !load.getSource())
      continue;
    auto [known, isNew] = filters.try_emplace(*load.getSource(), filterOf(load));
    if (!isNew && known->second != filterOf(load)) // one parameter, folded in two ways
      multiplied = plan::multipliedUnit(precision);
  }
  if (multiplied > 0)
    filters.clear();
}

Tensor tool::multipliedFilter(Tensor filter, const StoredFilter &how, plan::Precision precision, const Checkpoint &parameters) {
  Tensor gamma = how.gamma.empty() ? Tensor() : parameters.read(how.gamma);
  Tensor variance = how.gamma.empty() ? Tensor() : parameters.read(how.variance);
  int64_t each = filter.size() / filter.dim(0);
  for (int64_t i = 0; i < filter.size(); ++i) {
    double scale = how.gamma.empty() ? 1 : gamma.data[i / each] / std::sqrt(variance.data[i / each] + how.epsilon);
    double stored = plan::multiplied(plan::rounded(filter.data[i] * scale, how.element), precision);
    filter.data[i] = scale == 0 ? filter.data[i] : stored / scale;
  }
  return filter;
}

Tensor tool::multipliedPicture(Tensor picture, plan::Precision precision) {
  for (double &value : picture.data)
    value = plan::multiplied(value, precision);
  return picture;
}
