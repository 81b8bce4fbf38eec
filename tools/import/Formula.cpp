// Exporters write activations that an opset has no word for as arithmetic, each in its own order:
//
//   gelu        0.5 * (x * (erf(x / 1.4142) + 1))     x * (0.5 * (1 + erf(0.7071 * x)))
//   hard_swish  x * (clip(x + 3, 0, 6) / 6)           x * hard_sigmoid(x)
//
// All of them are scale x^power (f(slope x + shift) + offset), of which the order is gone. So nodes that compute element by
// element with constants are not written down but gathered, and what they are together is looked up when something else reads
// them. Numbers of the file are float32: a 6th is as near as that has it.
#include "tools/import/Formula.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <limits>
#include <numbers>

using namespace skip::onnx;

static bool isNear(double value, double wanted) { return std::abs(value - wanted) <= 1e-6 * std::max(1.0, std::abs(wanted)); }

Formula Formula::of(ValueId base) {
  Formula formula;
  formula.base = base;
  return formula;
}

Formula Formula::times(double factor) const {
  Formula result = *this;
  if (function == Function::Identity)
    result.slope *= factor, result.shift *= factor;
  else
    result.scale *= factor;
  return result;
}

std::optional<Formula> Formula::plus(double number) const {
  Formula result = *this;
  if (function == Function::Identity)
    result.shift += number;
  else if (power == 0 && scale != 0)
    result.offset += number / scale;
  else
    return std::nullopt;
  return result;
}

/// One of both is x by a number, the other has no x as a factor yet.
std::optional<Formula> Formula::times(const Formula &other) const {
  auto isFactor = [](const Formula &formula) { return formula.function == Function::Identity && formula.shift == 0; };
  auto takesFactor = [](const Formula &formula) { return formula.function != Function::Identity && formula.power == 0; };
  if (isFactor(other) && takesFactor(*this)) {
    Formula result = times(other.slope);
    result.power = 1;
    return result;
  }
  return isFactor(*this) && takesFactor(other) ? other.times(*this) : std::nullopt;
}

std::optional<Formula> Formula::apply(Function outer, double low, double high) const {
  if (function != Function::Identity)
    return std::nullopt;
  Formula result = *this;
  result.function = outer;
  result.least = low, result.most = high;
  return result;
}

bool Formula::isPlain() const { return function == Function::Identity && slope == 1 && shift == 0; }

namespace {
/// A clip by where it bends: `low` up to `first`, then as steep as `steepness`, then `high`.
struct Bends {
  double first, low, high, steepness;
};
} // namespace

static Bends bendsOf(const Formula &formula) {
  return {(formula.least - formula.shift) / formula.slope, formula.scale * (formula.least + formula.offset),
          formula.scale * (formula.most + formula.offset), formula.scale * formula.slope};
}

llvm::StringLiteral Formula::activation() const {
  static constexpr llvm::StringLiteral none = "", sigmoid = "sigmoid", silu = "silu", gelu = "gelu", relu = "relu";
  static constexpr llvm::StringLiteral hardSigmoid = "hard_sigmoid", hardSwish = "hard_swish";
  switch (function) {
  case Function::Identity:
    return none;
  case Function::Sigmoid:
    return isNear(slope, 1) && isNear(shift, 0) && isNear(scale, 1) && isNear(offset, 0) ? (power ? silu : sigmoid) : none;
  case Function::Erf: {
    bool isHalved = isNear(slope, 1 / std::numbers::sqrt2) && isNear(shift, 0) && isNear(scale, 0.5) && isNear(offset, 1);
    return power && isHalved ? gelu : none;
  }
  case Function::Clip: {
    if (!(slope > 0))
      return none;
    auto [first, low, high, steepness] = bendsOf(*this);
    if (isNear(first, -3) && isNear(low, 0) && isNear(high, 1) && isNear(steepness, 1.0 / 6))
      return power ? hardSwish : hardSigmoid;
    bool isRelu = isNear(first, 0) && isNear(low, 0) && std::isinf(high) && high > 0 && isNear(steepness, 1);
    return isRelu && !power ? relu : none;
  }
  }
  return none;
}

static std::string numberText(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.5g", value);
  return text;
}

/// "2 * x + 1", without what changes nothing.
static std::string lineText(double slope, const std::string &x, double shift) {
  std::string text = (slope == 1 ? "" : numberText(slope) + " * ") + x;
  return shift == 0 ? text : text + (shift < 0 ? " - " : " + ") + numberText(std::abs(shift));
}

std::string Formula::text() const {
  std::string inner = lineText(slope, "x", shift);
  switch (function) {
  case Function::Identity:
    return inner;
  case Function::Sigmoid:
    inner = "sigmoid(" + inner + ")";
    break;
  case Function::Erf:
    inner = "erf(" + inner + ")";
    break;
  case Function::Clip:
    inner = "clip(" + inner + ", " + numberText(least) + ", " + numberText(most) + ")";
    break;
  }
  std::string sum = lineText(1, inner, offset);
  return lineText(scale, (power ? "x * " : "") + (offset == 0 ? sum : "(" + sum + ")"), 0);
}
