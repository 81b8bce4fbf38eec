// Folds batch norm, in double.
#include "runtime/Fold.h"

#include "runtime/Element.h"

namespace skip::runtime {

double readElement(const FileTensor &tensor, int64_t i) {
  switch (tensor.type) {
  case ElementType::F32:
    return ElementF32::read(tensor.data + 4 * i);
  case ElementType::F16:
    return ElementF16::read(tensor.data + 2 * i);
  case ElementType::BF16:
    return ElementBF16::read(tensor.data + 2 * i);
  case ElementType::Other:
    break;
  }
  __builtin_trap(); // such tensors were refused
}

static double valueOr(const FileTensor *tensor, int64_t i, double otherwise) {
  return tensor ? readElement(*tensor, i) : otherwise;
}

double scaleOf(const Sources &from, int64_t oc) {
  const FileTensor *variance = from.at(from.load.variance);
  double gamma = valueOr(from.at(from.load.gamma), oc, 1);
  return variance ? gamma / __builtin_sqrt(readElement(*variance, oc) + from.load.epsilon) : gamma;
}

double biasOf(const Sources &from, int64_t oc) {
  double shifted = valueOr(from.at(from.load.bias), oc, 0) - valueOr(from.at(from.load.mean), oc, 0);
  return valueOr(from.at(from.load.beta), oc, 0) + shifted * scaleOf(from, oc);
}

} // namespace skip::runtime
