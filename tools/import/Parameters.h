// What a block's uses differ in, as parameters.
#pragma once

#include "tools/import/Net.h"

namespace skip::onnx {

/// "3", "1e-5", "true", "bilinear", "[1, 3]".
std::string valueText(const ArgumentValue &value);

/// The parameters of one block that is used several times.
class BlockParameters {
public:
  explicit BlockParameters(size_t uses) : uses(uses) {}

  /// How a block says an argument that has these values in its uses (nothing where a use has no such argument): a number, a
  /// parameter, or a multiple or a part of one. A parameter of the argument's name is added where none will do.
  std::string express(llvm::StringRef argument, llvm::ArrayRef<std::optional<ArgumentValue>> values);

  struct Parameter {
    std::string name;
    std::vector<ArgumentValue> values; ///< of each use
    std::optional<ArgumentValue> fallback;
  };
  const std::vector<Parameter> &all() const { return parameters; }
  const Parameter *find(llvm::StringRef name) const;

private:
  std::string freeName(llvm::StringRef argument) const;

  size_t uses;
  std::vector<Parameter> parameters;
};

/// The arguments of a call as they are written: what the language takes without them is left out. `texts` has one for each of
/// `arguments`, `omitted` whether it may go.
std::string argumentsText(llvm::ArrayRef<Argument> arguments, llvm::ArrayRef<std::string> texts, llvm::ArrayRef<bool> omitted);

/// The same of a call by itself.
std::string argumentsText(const Call &call);

} // namespace skip::onnx
