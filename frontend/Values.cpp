// Arithmetic on compile-time values.
#include "frontend/Values.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <limits>

using namespace skip::frontend;

Value Value::ofInteger(int64_t integer) {
  Value value;
  value.kind = Kind::Integer;
  value.integer = integer;
  return value;
}

Value Value::ofReal(double real) {
  Value value;
  value.kind = Kind::Real;
  value.real = real;
  return value;
}

Value Value::ofBoolean(bool boolean) {
  Value value;
  value.kind = Kind::Boolean;
  value.boolean = boolean;
  return value;
}

Value Value::ofName(llvm::StringRef name) {
  Value value;
  value.kind = Kind::Name;
  value.name = name;
  return value;
}

Value Value::ofTensor(mlir::Value tensor, llvm::SMRange origin) {
  Value value;
  value.kind = Kind::Tensor;
  value.tensor = tensor;
  value.origin = origin;
  return value;
}

Value Value::ofList(llvm::ArrayRef<int64_t> list) {
  Value value;
  value.kind = Kind::List;
  value.list.assign(list.begin(), list.end());
  return value;
}

llvm::ArrayRef<int64_t> Value::shape() const {
  return llvm::cast<mlir::RankedTensorType>(tensor.getType()).getShape().drop_front();
}

static std::string realText(double real) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.6g", real);
  return text;
}

std::string Value::str() const {
  switch (kind) {
  case Kind::Poison:
    return "an error";
  case Kind::Integer:
    return std::to_string(integer);
  case Kind::Real:
    return realText(real);
  case Kind::Boolean:
    return boolean ? "true" : "false";
  case Kind::Name:
    return name.str();
  case Kind::Tensor:
    return "a tensor " + shapeText(shape());
  case Kind::List:
    return "the list " + shapeText(list);
  }
  return {};
}

llvm::StringRef skip::frontend::describe(Value::Kind kind) {
  switch (kind) {
  case Value::Kind::Poison:
    return "an error";
  case Value::Kind::Integer:
    return "a whole number";
  case Value::Kind::Real:
    return "a number";
  case Value::Kind::Boolean:
    return "`true` or `false`";
  case Value::Kind::Name:
    return "a name";
  case Value::Kind::Tensor:
    return "a tensor";
  case Value::Kind::List:
    return "a list of whole numbers";
  }
  return "";
}

std::string skip::frontend::rangeText(int64_t value, int64_t least, int64_t most) {
  return value < least ? "at least " + std::to_string(least) : "at most " + std::to_string(most);
}

std::string skip::frontend::shapeText(llvm::ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text.append(i ? ", " : "").append(std::to_string(shape[i]));
  text += ']';
  return text;
}

static Computed checkedReal(double real) {
  return std::isfinite(real) ? Computed{Value::ofReal(real)} : Computed{{}, Problem::Overflow};
}

template <typename Number> static bool compare(TokenKind op, Number a, Number b) {
  switch (op) {
  case TokenKind::Equal:
    return a == b;
  case TokenKind::NotEqual:
    return a != b;
  case TokenKind::Less:
    return a < b;
  case TokenKind::LessEqual:
    return a <= b;
  case TokenKind::Greater:
    return a > b;
  default:
    return a >= b;
  }
}

static bool isComparison(TokenKind op) {
  return op == TokenKind::Equal || op == TokenKind::NotEqual || op == TokenKind::Less || op == TokenKind::LessEqual ||
         op == TokenKind::Greater || op == TokenKind::GreaterEqual;
}

static Computed divide(TokenKind op, int64_t a, int64_t b) {
  if (b == 0)
    return {{}, Problem::DivisionByZero};
  if (a == std::numeric_limits<int64_t>::min() && b == -1)
    return op == TokenKind::Slash ? Computed{{}, Problem::Overflow} : Computed{Value::ofInteger(0)};
  int64_t quotient = a / b, rest = a % b;
  if (rest != 0 && (rest < 0) != (b < 0)) {
    --quotient;
    rest += b;
  }
  return {Value::ofInteger(op == TokenKind::Slash ? quotient : rest)};
}

static Computed computeIntegers(TokenKind op, int64_t a, int64_t b) {
  int64_t result = 0;
  bool overflow = false;
  switch (op) {
  case TokenKind::Plus:
    overflow = llvm::AddOverflow(a, b, result);
    break;
  case TokenKind::Minus:
    overflow = llvm::SubOverflow(a, b, result);
    break;
  case TokenKind::Star:
    overflow = llvm::MulOverflow(a, b, result);
    break;
  default:
    return divide(op, a, b);
  }
  return overflow ? Computed{{}, Problem::Overflow} : Computed{Value::ofInteger(result)};
}

static Computed computeReals(TokenKind op, double a, double b) {
  switch (op) {
  case TokenKind::Plus:
    return checkedReal(a + b);
  case TokenKind::Minus:
    return checkedReal(a - b);
  case TokenKind::Star:
    return checkedReal(a * b);
  case TokenKind::Slash:
    return b == 0 ? Computed{{}, Problem::DivisionByZero} : checkedReal(a / b);
  default:
    return b == 0 ? Computed{{}, Problem::DivisionByZero} : checkedReal(a - b * std::floor(a / b));
  }
}

Computed skip::frontend::compute(TokenKind op, const Value &a, const Value &b) {
  bool bothWhole = a.kind == Value::Kind::Integer && b.kind == Value::Kind::Integer;
  if (a.isNumber() && b.isNumber()) {
    if (isComparison(op))
      return {Value::ofBoolean(bothWhole ? compare(op, a.integer, b.integer) : compare(op, a.asReal(), b.asReal()))};
    return bothWhole ? computeIntegers(op, a.integer, b.integer) : computeReals(op, a.asReal(), b.asReal());
  }
  bool comparable = a.kind == b.kind && (a.kind == Value::Kind::Name || a.kind == Value::Kind::Boolean);
  if (!comparable || (op != TokenKind::Equal && op != TokenKind::NotEqual))
    return {{}, Problem::WrongKinds};
  bool equal = a.kind == Value::Kind::Name ? a.name == b.name : a.boolean == b.boolean;
  return {Value::ofBoolean(equal == (op == TokenKind::Equal))};
}

Computed skip::frontend::negate(const Value &a) {
  if (a.kind == Value::Kind::Real)
    return {Value::ofReal(-a.real)};
  if (a.kind != Value::Kind::Integer)
    return {{}, Problem::WrongKinds};
  return computeIntegers(TokenKind::Minus, 0, a.integer);
}
