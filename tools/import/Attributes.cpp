// Lookup of attributes by name.
#include "tools/import/Attributes.h"

#include "support/Printable.h"

#include "llvm/ADT/STLExtras.h"

#include <charconv>

using namespace skip;
using namespace skip::onnx;

const Attribute *Attributes::find(llvm::StringRef name) {
  asked.insert(name);
  const auto *found = llvm::find_if(node.attributes, [&](const Attribute &attribute) { return attribute.name == name; }).base();
  return found == node.attributes.data() + node.attributes.size() ? nullptr : found;
}

double onnx::decimalOf(double value) {
  double exact = value;
  char text[32];
  auto narrow = static_cast<float>(value);
  auto [end, code] = std::to_chars(text, text + sizeof text, narrow);
  if (code == std::errc() && static_cast<double>(narrow) == value)
    std::from_chars(text, end, exact);
  return exact;
}

double Attributes::decimal(llvm::StringRef name, double otherwise) { return decimalOf(real(name, otherwise)); }

bool Attributes::has(llvm::StringRef name) const {
  return llvm::any_of(node.attributes, [&](const Attribute &attribute) { return attribute.name == name; });
}

std::string Attributes::problem() const {
  if (!wrong.empty())
    return "attribute `" + printable(wrong) + "` is not of the type that the format says";
  llvm::StringSet<> seen;
  for (const Attribute &attribute : node.attributes) {
    if (!seen.insert(attribute.name).second)
      return "attribute `" + printable(attribute.name) + "` stands there twice";
    if (!asked.contains(attribute.name))
      return "attribute `" + printable(attribute.name) + "` is not known";
  }
  return {};
}
