// Numbers and sizes as people read them.
#include "tools/text/Numbers.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

using namespace skip;

std::string tool::withSeparators(int64_t number) {
  std::string digits = std::to_string(number);
  for (ptrdiff_t at = static_cast<ptrdiff_t>(digits.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3)
    digits.insert(static_cast<size_t>(at), ",");
  return digits;
}

std::string tool::fixed(double value, int digits) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.*f", digits, value);
  return text;
}

std::string tool::scientific(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.2e", value);
  return text;
}

std::string tool::sizeText(llvm::ArrayRef<int64_t> shape) {
  std::string text;
  bool hasBatch = !shape.empty() && shape.front() < 0;
  for (int64_t dim : hasBatch ? shape.drop_front() : shape)
    text += (text.empty() ? "" : " x ") + std::to_string(dim);
  return text.empty() ? "1" : text;
}
