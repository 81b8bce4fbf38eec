// The values that a text computes while it is elaborated: compile-time numbers, truths and names, and tensors of the network.
#pragma once

#include "frontend/Lexer.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"

#include <optional>

namespace skip::frontend {

struct Value {
  /// Poison stands for what could not be computed: it has been reported, and whatever uses it stays quiet.
  enum class Kind : uint8_t { Poison, Integer, Real, Boolean, Name, Tensor, List };

  Kind kind = Kind::Poison;
  union {
    int64_t integer = 0;
    double real;
    bool boolean;
  };
  llvm::StringRef name;               ///< of a Name: text in a source or in the arena
  mlir::Value tensor;                 ///< of a Tensor
  llvm::SMRange origin;               ///< of a Tensor: the expression that made it
  llvm::SmallVector<int64_t, 4> list; ///< of a List

  static Value ofInteger(int64_t integer);
  static Value ofReal(double real);
  static Value ofBoolean(bool boolean);
  static Value ofName(llvm::StringRef name);
  static Value ofList(llvm::ArrayRef<int64_t> list);
  static Value ofTensor(mlir::Value tensor, llvm::SMRange origin);

  bool isPoison() const { return kind == Kind::Poison; }
  bool isList() const { return kind == Kind::List; }
  bool isTensor() const { return kind == Kind::Tensor; }
  bool isNumber() const { return kind == Kind::Integer || kind == Kind::Real; }
  double asReal() const { return kind == Kind::Integer ? static_cast<double>(integer) : real; }

  /// A tensor's dimensions without the batch.
  llvm::ArrayRef<int64_t> shape() const;

  /// As a message shows it: `3`, `true`, `conv1`, `a tensor [64, 56, 56]`.
  std::string str() const;
};

/// "a whole number", "a tensor", ...
llvm::StringRef describe(Value::Kind kind);

/// What `value`, which is outside of `least` to `most`, must be: `at least 1`.
std::string rangeText(int64_t value, int64_t least, int64_t most);

/// `[64, 56, 56]`.
std::string shapeText(llvm::ArrayRef<int64_t> shape);

enum class Problem { None, WrongKinds, Overflow, DivisionByZero };

struct Computed {
  Value value;
  Problem problem = Problem::None;
};

/// `a op b` for an arithmetic operator or a comparison. Rules: whole numbers are 64-bit and overflow is a problem, never a
/// wrong result; `/` of whole numbers rounds down and `%` has the sign of the divisor, so a == (a / b) * b + a % b; with a
/// number that is not whole, all is in double precision; names and truths can only be compared for equality.
Computed compute(TokenKind op, const Value &a, const Value &b);

/// `-a`.
Computed negate(const Value &a);

} // namespace skip::frontend
