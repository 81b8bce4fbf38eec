// Elements of all types as double.
#include "tools/import/Constant.h"

#include "runtime/Element.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <cstring>
#include <limits>

using namespace skip;
using namespace skip::onnx;

namespace {
struct TypeInfo {
  ElementType type;
  llvm::StringLiteral name;
  int64_t bytes;
  bool real;
};
} // namespace

static constexpr TypeInfo types[] = {{ElementType::Float, "float32", 4, true},    {ElementType::Uint8, "uint8", 1, false},
                                     {ElementType::Int8, "int8", 1, false},       {ElementType::Int32, "int32", 4, false},
                                     {ElementType::Int64, "int64", 8, false},     {ElementType::Bool, "bool", 1, false},
                                     {ElementType::Float16, "float16", 2, true},  {ElementType::Double, "float64", 8, true},
                                     {ElementType::Bfloat16, "bfloat16", 2, true}};

static const TypeInfo &infoOf(ElementType type) {
  return *llvm::find_if(types, [type](const TypeInfo &info) { return info.type == type; });
}

int64_t onnx::elementBytes(ElementType type) { return infoOf(type).bytes; }
llvm::StringRef onnx::elementName(ElementType type) { return infoOf(type).name; }
bool onnx::isReal(ElementType type) { return infoOf(type).real; }

std::optional<int64_t> onnx::countElements(llvm::ArrayRef<int64_t> dims) {
  int64_t count = 1; // of those that are not zero: parts of the product must not overflow either
  for (int64_t dim : dims)
    if (dim < 0 || llvm::MulOverflow(count, std::max<int64_t>(dim, 1), count))
      return std::nullopt;
  return llvm::is_contained(dims, 0) ? 0 : count;
}

std::string onnx::listText(llvm::ArrayRef<int64_t> values) {
  return "[" + llvm::join(llvm::map_range(values, [](int64_t value) { return std::to_string(value); }), ", ") + "]";
}

/// Calls f(element) for each, of the type that the bytes hold.
template <typename Element, typename Function> static void visit(llvm::StringRef bytes, const Function &f) {
  for (size_t at = 0; at + sizeof(Element) <= bytes.size(); at += sizeof(Element)) {
    Element element;
    std::memcpy(&element, bytes.data() + at, sizeof element);
    f(element);
  }
}

template <typename Element, typename Function> static void visitHalf(llvm::StringRef bytes, const Function &f) {
  const auto *from = reinterpret_cast<const uint8_t *>(bytes.data());
  for (size_t at = 0; at + Element::bytes <= bytes.size(); at += Element::bytes)
    f(Element::read(from + at));
}

template <typename Function> static void visitElements(const Constant &tensor, const Function &f) {
  switch (tensor.type) {
  case ElementType::Float:
    return visit<float>(tensor.bytes, f);
  case ElementType::Uint8:
  case ElementType::Bool:
    return visit<uint8_t>(tensor.bytes, f);
  case ElementType::Int8:
    return visit<int8_t>(tensor.bytes, f);
  case ElementType::Int32:
    return visit<int32_t>(tensor.bytes, f);
  case ElementType::Int64:
    return visit<int64_t>(tensor.bytes, f);
  case ElementType::Double:
    return visit<double>(tensor.bytes, f);
  case ElementType::Float16:
    return visitHalf<runtime::ElementF16>(tensor.bytes, f);
  case ElementType::Bfloat16:
    return visitHalf<runtime::ElementBF16>(tensor.bytes, f);
  }
}

std::vector<double> onnx::elementsOf(const Constant &tensor) {
  std::vector<double> values;
  values.reserve(tensor.bytes.size() / static_cast<size_t>(elementBytes(tensor.type)));
  visitElements(tensor, [&](auto element) { values.push_back(static_cast<double>(element)); });
  return values;
}

std::vector<float> onnx::floatsOf(const Constant &tensor) {
  std::vector<float> values;
  values.reserve(tensor.bytes.size() / static_cast<size_t>(elementBytes(tensor.type)));
  visitElements(tensor, [&](auto element) { values.push_back(static_cast<float>(element)); });
  return values;
}

/// Reals are kept in double precision, whole numbers in 64 bits: what is computed is rounded once, where it is written.
Constant onnx::makeConstant(std::string name, ElementType type, Dims dims, llvm::ArrayRef<double> values) {
  auto bytes = std::make_shared<std::string>(values.size() * 8, '\0');
  for (size_t i = 0; i < values.size(); ++i) {
    int64_t whole = wholeOf(values[i]);
    std::memcpy(bytes->data() + 8 * i, isReal(type) ? static_cast<const void *>(&values[i]) : &whole, 8);
  }
  return {std::move(name), isReal(type) ? ElementType::Double : ElementType::Int64, std::move(dims), bytes, *bytes};
}

int64_t onnx::wholeOf(double value) {
  constexpr double limit = 0x1p63;
  if (std::isnan(value))
    return 0;
  return value >= limit    ? std::numeric_limits<int64_t>::max()
         : value <= -limit ? std::numeric_limits<int64_t>::min()
                           : static_cast<int64_t>(value);
}
