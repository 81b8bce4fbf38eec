// A node's attributes, read by name and type.
#pragma once

#include "tools/import/Model.h"

#include "llvm/ADT/StringSet.h"

namespace skip::onnx {

/// The shortest decimal number that is this float, so that 1e-5 comes back as it was written; other numbers as they are.
double decimalOf(double value);

/// What is not as it is asked for, and what was never asked for, is a problem: no attribute is lost without a word.
class Attributes {
public:
  explicit Attributes(const Node &node) : node(node) {}

  int64_t integer(llvm::StringRef name, int64_t otherwise) { return get<int64_t>(name, otherwise); }
  double real(llvm::StringRef name, double otherwise) { return get<double>(name, otherwise); }
  /// By `decimalOf`.
  double decimal(llvm::StringRef name, double otherwise);
  std::string text(llvm::StringRef name, std::string otherwise) { return get<std::string>(name, std::move(otherwise)); }
  std::vector<int64_t> integers(llvm::StringRef name, std::vector<int64_t> otherwise) {
    return get<std::vector<int64_t>>(name, std::move(otherwise));
  }
  std::vector<double> reals(llvm::StringRef name) { return get<std::vector<double>>(name, {}); }
  /// Null where there is none.
  const Constant *tensor(llvm::StringRef name) {
    const Attribute *attribute = find(name);
    return attribute ? as<Constant>(*attribute) : nullptr;
  }
  bool has(llvm::StringRef name) const;
  /// It says nothing that inference needs.
  void ignore(llvm::StringRef name) { asked.insert(name); }

  /// What is wrong with the attributes, in words, when all have been asked for. Empty: nothing.
  std::string problem() const;

private:
  const Attribute *find(llvm::StringRef name);

  template <typename T> const T *as(const Attribute &attribute) {
    const T *value = std::get_if<T>(&attribute.value);
    if (!value && wrong.empty())
      wrong = attribute.name;
    return value;
  }
  template <typename T> T get(llvm::StringRef name, T otherwise) {
    const Attribute *attribute = find(name);
    const T *value = attribute ? as<T>(*attribute) : nullptr;
    return value ? *value : std::move(otherwise);
  }

  const Node &node;
  llvm::StringSet<> asked;
  std::string wrong; // the first that is of another type
};

} // namespace skip::onnx
