// Exporters write activations that an opset has no word for as arithmetic, each in its own order:
//
//   gelu        0.5 * (x * (erf(x / 1.4142) + 1))     x * (0.5 * (1 + erf(0.7071 * x)))
//   hard_swish  x * (clip(x + 3, 0, 6) / 6)           x * hard_sigmoid(x)
//   mish        x * tanh(softplus(x))
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

std::optional<Formula> Formula::tanh() const {
  if (function != Function::Softplus || power != 0 || scale != 1 || offset != 0)
    return std::nullopt;
  Formula result = *this;
  result.function = Function::TanhOfSoftplus;
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
  static constexpr llvm::StringLiteral hardSigmoid = "hard_sigmoid", hardSwish = "hard_swish", mish = "mish";
  bool isOfX = isNear(slope, 1) && isNear(shift, 0) && isNear(scale, 1) && isNear(offset, 0);
  switch (function) {
  case Function::Identity:
  case Function::Softplus:
    return none;
  case Function::Sigmoid:
    return isOfX ? (power ? silu : sigmoid) : none;
  case Function::TanhOfSoftplus:
    return isOfX && power ? mish : none;
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

static Steps around(Line before, llvm::StringLiteral activation, Line behind) {
  return {std::move(before), activation, std::move(behind)};
}

static Line line(double scale, double shift) { return {{scale}, {shift}}; }

/// x times a function of x, which Skip has of four functions.
std::optional<Steps> Formula::gateSteps() const {
  auto gate = [&](double steepness, llvm::StringLiteral activation, double height) {
    return around(line(steepness, 0), activation, line(scale * height / steepness, 0));
  };
  double width = most - least;
  switch (function) {
  case Function::Identity:
  case Function::Softplus:
    return std::nullopt;
  case Function::Sigmoid:
    return shift == 0 && offset == 0 ? std::optional(gate(slope, "silu", 1)) : std::nullopt;
  case Function::TanhOfSoftplus:
    return shift == 0 && offset == 0 ? std::optional(gate(slope, "mish", 1)) : std::nullopt;
  case Function::Erf: // gelu(k x) = k x / 2 (1 + erf(k x / sqrt 2))
    return shift == 0 && isNear(offset, 1) ? std::optional(gate(slope * std::numbers::sqrt2, "gelu", 2)) : std::nullopt;
  case Function::Clip: // hard_swish(k x) = k x clip(k x + 3, 0, 6) / 6
    return width > 0 && isNear(least + offset, 0) && isNear(6 * (shift - least) / width, 3)
               ? std::optional(gate(6 * slope / width, "hard_swish", width))
               : std::nullopt;
  }
  return std::nullopt;
}

/// Between two bounds hard_sigmoid, with one relu. Numbers that are added must be float32's, and small: then what is clipped
/// is not rounded by more than the bounds themselves are.
std::optional<Steps> Formula::clipSteps() const {
  constexpr double mostBound = 64;
  bool hasLeast = least != -std::numeric_limits<double>::infinity(), hasMost = most != std::numeric_limits<double>::infinity();
  double width = most - least;
  Steps steps;
  if (hasLeast && hasMost && width <= 0) // all is the upper bound
    steps.before = line(0, scale * (most + offset));
  else if (hasLeast && hasMost)
    steps = around(line(6 * slope / width, 6 * (shift - least) / width - 3), "hard_sigmoid",
                   line(scale * width, scale * (least + offset)));
  else if (hasLeast)
    steps = around(line(slope, shift - least), "relu", line(scale, scale * (least + offset)));
  else if (hasMost)
    steps = around(line(-slope, most - shift), "relu", line(-scale, scale * (most + offset)));
  else
    steps.before = line(scale * slope, scale * (shift + offset));
  auto isExact = [](double number) { return static_cast<double>(static_cast<float>(number)) == number; };
  bool isSmall = (!hasLeast || std::abs(least) <= mostBound) && (!hasMost || std::abs(most) <= mostBound);
  return isSmall && isExact(steps.before.shift[0]) && isExact(steps.behind.shift[0]) ? std::optional(steps) : std::nullopt;
}

std::optional<Steps> Formula::steps() const {
  std::optional<Steps> steps;
  if (llvm::StringLiteral known = activation(); !known.empty())
    steps = around({}, known, {});
  else if (power)
    steps = gateSteps();
  else if (function == Function::Clip)
    steps = clipSteps();
  else if (function == Function::Identity)
    steps = around(line(slope, shift), "", {});
  else if (function == Function::Sigmoid)
    steps = around(line(slope, shift), "sigmoid", line(scale, scale * offset));
  return steps && steps->before.isSound() && steps->behind.isSound() ? steps : std::nullopt;
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
  case Function::Softplus:
    inner = "softplus(" + inner + ")";
    break;
  case Function::TanhOfSoftplus:
    inner = "tanh(softplus(" + inner + "))";
    break;
  case Function::Clip:
    inner = "clip(" + inner + ", " + numberText(least) + ", " + numberText(most) + ")";
    break;
  }
  std::string sum = lineText(1, inner, offset);
  return lineText(scale, (power ? "x * " : "") + (offset == 0 ? sum : "(" + sum + ")"), 0);
}
