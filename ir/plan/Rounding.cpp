// The formats themselves are runtime/Element.h's.
#include "ir/plan/Rounding.h"

#include "ir/plan/Layout.h"
#include "runtime/Element.h"

#include <cmath>

using namespace skip;
using namespace skip::plan;

double plan::readElement(Element element, const void *at) {
  const auto *bytes = static_cast<const uint8_t *>(at);
  switch (element) {
  case Element::f32:
    return runtime::ElementF32::read(bytes);
  case Element::f16:
    return runtime::ElementF16::read(bytes);
  case Element::bf16:
    return runtime::ElementBF16::read(bytes);
  case Element::tf32:
    return runtime::ElementTF32::read(bytes);
  }
  llvm_unreachable("an element that nothing reads");
}

void plan::writeElement(Element element, void *at, double value) {
  auto *bytes = static_cast<uint8_t *>(at);
  auto rounded = static_cast<float>(value);
  switch (element) {
  case Element::f32:
    return runtime::ElementF32::write(bytes, rounded);
  case Element::f16:
    return runtime::ElementF16::write(bytes, rounded);
  case Element::bf16:
    return runtime::ElementBF16::write(bytes, rounded);
  case Element::tf32:
    return runtime::ElementTF32::write(bytes, rounded);
  }
  llvm_unreachable("an element that nothing writes");
}

double plan::rounded(double value, Element element) {
  if (std::isnan(value))
    return value;
  uint8_t bytes[sizeof(float)];
  writeElement(element, bytes, value);
  return readElement(element, bytes);
}

double plan::multiplied(double value, Precision precision) {
  if (precision != Precision::tf32 || !std::isfinite(value))
    return value;
  return rounded(value, Element::tf32);
}

double plan::storedUnit(Precision precision) {
  return precision == Precision::bf16 ? 0x1p-8 : precision == Precision::f16 ? 0x1p-11 : 0;
}

double plan::multipliedUnit(Precision precision) { return precision == Precision::tf32 ? 0x1p-11 : storedUnit(precision); }
