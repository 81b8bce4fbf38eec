// What can be called: the built-in operations' parameters and defaults, and how a call's arguments meet them.
#pragma once

#include "frontend/Program.h"
#include "frontend/Values.h"

namespace skip::frontend {

/// Which lists a parameter takes besides one whole number: of two, rows and columns; of four, above, left, below, right.
enum class Lists : uint8_t { None, Pairs, PairsAndQuads };

/// A parameter of a built-in operation. `kind` Real takes whole numbers too.
struct OperationParameter {
  llvm::StringLiteral name;
  Value::Kind kind;
  bool required = true;
  int64_t least = 0; ///< for whole numbers, and those of lists
  Lists lists = Lists::None;
};

enum class Operation {
  Conv,
  BatchNorm,
  GroupNorm,
  Linear,
  Relu,
  MaxPool,
  GlobalAvgPool,
  AttentionPool,
  Flatten,
  Dropout,
  Softmax,
  Add,
  Subsample,
  PadChannels,
  TakeChannels,
  Unflatten,
  Shortcut,
  AvgPool,
  AdaptiveAvgPool,
  AdaptiveMaxPool,
  Sigmoid,
  Silu,
  Gelu,
  HardSigmoid,
  HardSwish,
  Mish,
  LeakyRelu,
  Prelu,
  Mul,
  Shift,
  Concat,
  Upsample,
  ReflectPad,
  Repeat,
  Channels,
  Height,
  Width,
  Min,
  Max,
  Floor,
  Ceil,
  Round,
};

struct OperationInfo {
  Operation operation;
  llvm::StringLiteral name;
  llvm::ArrayRef<OperationParameter> parameters;
  bool ownsParameters = false; ///< its label names checkpoint tensors, so it must have one
};

llvm::ArrayRef<OperationInfo> allOperations();
const OperationInfo *findOperation(llvm::StringRef name);

/// A parameter list that a call binds to: an operation's or a block's.
struct Signature {
  llvm::StringRef name;
  llvm::SmallVector<llvm::StringRef, 8> parameters;
  llvm::SmallVector<bool, 8> required;
  llvm::SMRange declaredAt; ///< invalid for operations

  static Signature of(const OperationInfo &operation);
  static Signature of(const ast::Definition &block);
};

/// Which argument each parameter got. Null: none. A piped value is parameter 0 and has no argument.
struct Binding {
  llvm::SmallVector<const ast::Argument *, 8> arguments;
  bool ok = true;
};

/// Binds the arguments of a call (rules call-1 to call-4) and reports what does not fit. `piped`: a value comes before them.
Binding bindArguments(const Signature &signature, const ast::CallExpr &call, llvm::ArrayRef<ast::Argument> arguments,
                      bool piped, Diagnostics &diagnostics);

/// The parts of `x |> repeat(count, block, arguments...)` or `repeat(x, count, block, arguments...)`.
struct RepeatCall {
  const ast::Expr *input = nullptr; ///< null when piped
  const ast::Expr *count = nullptr;
  const ast::Definition *block = nullptr;
  llvm::ArrayRef<ast::Argument> arguments; ///< the block's, after its input
};

/// Takes a call of `repeat` apart; nothing when it is malformed, which has then been reported.
std::optional<RepeatCall> splitRepeat(const ast::CallExpr &call, const Program &program, Diagnostics &diagnostics);

/// Reports that `name` is neither an operation nor a block.
void reportUnknownCallee(const ast::Identifier &name, bool hasArguments, const Program &program, Diagnostics &diagnostics);

} // namespace skip::frontend
