// A spec before it is text: blocks and a model, each a list of operations.
#pragma once

#include "tools/import/Net.h"

namespace skip::onnx {

/// One call as it is written, without what stands before `|>`.
struct Stage {
  std::string label;     ///< as the language writes it; may be empty
  std::string operation; ///< `conv`, or a block's name
  std::string arguments; ///< `width, 3, stride = 2`
  bool beginsLine = false, endsLine = false;
};

/// An operation of a body. Its operands are values of the body: inputs come first, then the results of its operations.
struct SpecOperation {
  enum class Kind {
    Call,     ///< operand |> stage(other operands, arguments)
    Sum,      ///< operand + operand
    Shortcut, ///< stage(operand, like = operand, arguments)
    Choice,   ///< if condition: operand |> stages, else the other operand
  };
  Kind kind;
  llvm::SmallVector<size_t, 2> operands;
  std::vector<Stage> stages; ///< one, or of a choice several; of a sum none
  std::string condition = {};
};

struct Body {
  std::vector<std::string> inputs;
  std::vector<SpecOperation> operations;
  std::vector<std::pair<std::string, size_t>> outputs; ///< of a block one, without a name
};

struct Block {
  std::string name;
  std::vector<std::pair<std::string, std::string>> parameters; ///< with defaults, which may be empty
  Body body;
};

struct Spec {
  std::string name;
  std::vector<std::string> comment; ///< lines
  std::vector<NetPort> inputs;
  std::vector<Block> blocks;
  Body model;
};

/// Finds the blocks of a net, whose calls have paths, and what repeats.
Spec structure(const Net &net, llvm::StringRef name);

/// The text of a spec.
std::string writeSpec(const Spec &spec);

} // namespace skip::onnx
