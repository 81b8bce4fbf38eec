// What a graph computes of each element of one value by arithmetic, until it is known as an activation.
#pragma once

#include "tools/import/Affine.h"

namespace skip::onnx {

/// What arithmetic is in the language: an activation between two lines. Without one, only the first line.
struct Steps {
  Line before;
  llvm::StringLiteral activation = "";
  Line behind;
};

/// y = scale x^power (f(slope x + shift) + offset) for each element x of `base`.
struct Formula {
  enum class Function { Identity, Sigmoid, Erf, Clip, Softplus, TanhOfSoftplus };

  const Node *node = nullptr; ///< the last that had a part in it; null: it is `base` itself
  ValueId base = 0;
  Function function = Function::Identity; ///< then power, offset and scale are 0, 0 and 1
  double slope = 1, shift = 0;
  double least = 0, most = 0; ///< of a clip
  double scale = 1, offset = 0;
  int power = 0; ///< 0 or 1

  static Formula of(ValueId base);

  // Nothing where what comes out is no such formula.
  Formula times(double factor) const;
  std::optional<Formula> plus(double number) const;
  std::optional<Formula> times(const Formula &other) const; ///< of the same base
  std::optional<Formula> apply(Function function, double least = 0, double most = 0) const;
  std::optional<Formula> tanh() const;

  bool isPlain() const;
  /// The operation of the language that it is by itself; empty if there is none.
  llvm::StringLiteral activation() const;
  /// What it is of the language's operations; nothing where they cannot say it, or only with another rounding.
  std::optional<Steps> steps() const;
  /// "0.5 * x * (erf(0.70711 * x) + 1)".
  std::string text() const;

private:
  std::optional<Steps> clipSteps() const;
  std::optional<Steps> gateSteps() const;
};

} // namespace skip::onnx
