// A network in the words of Skip's language, before it is written down: operations, their arguments and their parameters.
#pragma once

#include "tools/import/Model.h"

#include "llvm/ADT/ArrayRef.h"

namespace skip::onnx {

/// A name of the language that stands for a choice: `bilinear`.
struct Word {
  llvm::StringLiteral text;
  bool operator==(const Word &other) const { return text == other.text; }
};

/// An argument of an operation of the language; a list has the sizes of both directions, or of the four sides.
using ArgumentValue = std::variant<int64_t, double, bool, Word, std::vector<int64_t>>;

struct Argument {
  llvm::StringLiteral name;
  ArgumentValue value;
  std::optional<ArgumentValue> fallback; ///< what the language takes without it; nothing: it must be given
};

/// A tensor of the checkpoint: `tensor`'s elements with the sizes `dims`, or its transpose.
struct Parameter {
  llvm::StringLiteral suffix; ///< "weight"
  Constant tensor;
  Dims dims;
  bool transposed = false;
};

/// A value of a net: inputs come first, then the results of its calls.
using ValueId = uint32_t;

/// One operation.
struct Call {
  llvm::StringLiteral operation; ///< as the language calls it
  llvm::SmallVector<ValueId, 2> operands;
  llvm::SmallVector<Argument, 6> arguments; ///< all, in the language's order
  Dims dims;                                ///< of its result, without the batch: [channels, height, width] or [features]
  std::vector<Parameter> parameters;
  std::string path = {}; ///< `layer1.0.conv1`; of operations with parameters, and unique, once they are named
};

struct NetPort {
  std::string name; ///< a name of the language
  Dims dims;
};

struct Net {
  std::vector<NetPort> inputs;
  std::vector<Call> calls;
  std::vector<std::pair<std::string, ValueId>> outputs;

  bool isInput(ValueId value) const { return value < inputs.size(); }
  ValueId resultOf(size_t call) const { return static_cast<ValueId>(inputs.size() + call); }
  /// Of a value that is no input.
  size_t callOf(ValueId value) const { return value - inputs.size(); }
  const Dims &dimsOf(ValueId value) const { return isInput(value) ? inputs[value].dims : calls[callOf(value)].dims; }
};

} // namespace skip::onnx
