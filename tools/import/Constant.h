// What constants hold.
#pragma once

#include "ir/reference/Tensor.h"
#include "tools/import/Model.h"

namespace skip::onnx {

/// Bytes of one element.
int64_t elementBytes(ElementType type);
/// "float16", say.
llvm::StringRef elementName(ElementType type);
bool isReal(ElementType type);

/// The product of the sizes, or nothing if one is negative or there are more elements than an int64 counts.
std::optional<int64_t> countElements(llvm::ArrayRef<int64_t> dims);

/// "[1, 64, 56, 56]".
std::string listText(llvm::ArrayRef<int64_t> values);

/// All elements. Whole numbers beyond 2^53 are rounded, which no use of them sees: they only ever mean "to the end".
std::vector<double> elementsOf(const Constant &tensor);
std::vector<float> floatsOf(const Constant &tensor);

/// Constants made by arithmetic.
Constant makeConstant(std::string name, ElementType type, Dims dims, llvm::ArrayRef<double> values);

/// The nearest whole number that an int64 holds; 0 of NaN.
int64_t wholeOf(double value);

} // namespace skip::onnx
