// Sums, products, and arithmetic with constants. A number is a part of a formula (Formula.h), which may turn out to be an
// activation; a number for each channel is a line (Affine.h), or the bias of the layer before it.
#include "tools/import/Constant.h"
#include "tools/import/NodeMapping.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>

using namespace skip;
using namespace skip::onnx;

/// Whether a constant has these sizes, but for ones before them.
static bool isOfSizes(const Constant &constant, const std::vector<int64_t> &wanted) {
  if (constant.dims.size() > wanted.size() || !isReal(constant.type))
    return false;
  std::vector<int64_t> given(wanted.size() - constant.dims.size(), 1);
  given.insert(given.end(), constant.dims.begin(), constant.dims.end());
  return given == wanted;
}

/// Whether a constant of these sizes has a value for each channel, beside a value under `dims`: [channels] beside [N,
/// channels], [channels, 1, 1] or [1, channels, 1, 1] beside an image.
static bool isByChannel(const Constant &constant, llvm::ArrayRef<int64_t> dims) {
  if (dims.size() < 2)
    return false;
  std::vector<int64_t> wanted(dims.size(), 1);
  wanted[1] = dims[1];
  return isOfSizes(constant, wanted);
}

/// Whether it has a number for each feature of a vector, whatever sizes the graph sees that under.
static bool isByFeature(const NodeMapping &node, const Constant &constant, const Mapped &x) {
  std::vector<int64_t> wanted = x.dims;
  wanted[0] = 1;
  return node.net().dimsOf(x.value).size() == 1 && isOfSizes(constant, wanted);
}

/// Whether the constant is added to the result of a convolution or a product that has no bias yet, and that only this node
/// reads.
static bool addsBias(const NodeMapping &node, size_t constant) {
  llvm::Expected<const Mapped *> x = node.anyActivation(1 - constant);
  if (!x)
    return llvm::consumeError(x.takeError()), false;
  const Net &net = node.net();
  if (!(*x)->isWritten || (*x)->pending.node || (*x)->repeatedBy || net.isInput((*x)->value) || node.usesOf(1 - constant) != 1)
    return false;
  const Call &call = net.calls[net.callOf((*x)->value)];
  if ((call.operation != "linear" && call.operation != "conv") || call.parameters.size() != 1 || (*x)->dims.size() < 2)
    return false;
  return (*x)->dims[1] == call.dims[0] && isByChannel(**node.constant(constant, "bias"), (*x)->dims);
}

static llvm::Error mapBias(NodeMapping &node, size_t constant) {
  llvm::Expected<const Mapped *> x = node.activation(1 - constant);
  if (!x)
    return x.takeError();
  Call &call = node.net().calls[node.net().callOf((*x)->value)];
  call.parameters.push_back({"bias", **node.constant(constant, "bias"), {call.dims[0]}});
  Argument *argument = llvm::find_if(call.arguments, [](const Argument &a) { return a.name == "bias"; });
  argument->value = true;
  return node.alias(**x);
}

namespace {
/// What a node computes of x and a constant: of numbers as a formula, of a number for each channel as a line.
struct Arithmetic {
  llvm::StringLiteral verb;
  std::optional<Formula> (*ofNumber)(const Formula &x, double number);
  std::pair<double, double> (*ofChannel)(double number); ///< scale and shift
  int normParameter = -1;                                ///< what the numbers are to a norm before: 0 its weight, 1 its bias
};
} // namespace

static bool isAll(const Parameter &parameter, double number) {
  return llvm::all_of(elementsOf(parameter.tensor), [&](double each) { return each == number; });
}

/// A group norm whose weights, or else whose biases, are those of a node behind it, where it had none of its own: exporters
/// write norms so. Nothing of any other value.
static std::optional<Call> normWith(const NodeMapping &node, const Mapped &x, const Constant &numbers, size_t which) {
  const Net &net = node.net();
  if (net.isInput(x.value) || net.calls[net.callOf(x.value)].operation != "group_norm")
    return std::nullopt;
  Call call = net.calls[net.callOf(x.value)];
  if ((which == 0 && !isAll(call.parameters[0], 1)) || !isAll(call.parameters[1], 0))
    return std::nullopt;
  call.parameters[which].tensor = numbers;
  if (which == 0)
    call.path = node.pathOf(numbers);
  return call;
}

/// By the number of each channel, in float32's range.
static llvm::Error addByChannel(NodeMapping &node, size_t constant, const Arithmetic &arithmetic) {
  llvm::Expected<const Mapped *> x = node.view(1 - constant);
  if (!x)
    return x.takeError();
  const Constant &numbers = **node.constant(constant, "constant");
  bool fits = isByFeature(node, numbers, **x);
  if (!fits) {
    if (x = node.activation(1 - constant); !x)
      return x.takeError();
    fits = isByChannel(numbers, (*x)->dims);
  }
  if (arithmetic.normParameter >= 0 && fits)
    if (std::optional<Call> norm = normWith(node, **x, numbers, static_cast<size_t>(arithmetic.normParameter)))
      return node.add(std::move(*norm), (*x)->dims);
  if (!fits)
    return node.fail("it " + arithmetic.verb + " a constant of " + listText(numbers.dims) + " and " + node.sizes((*x)->dims) +
                     "; Skip computes with constants that are a number, or one for each channel");
  Line line{{}, {}};
  for (double number : elementsOf(numbers)) {
    auto [scale, shift] = arithmetic.ofChannel(number);
    line.scale.push_back(scale);
    line.shift.push_back(shift);
  }
  return node.add(line, **x);
}

static llvm::Error addConstant(NodeMapping &node, const Arithmetic &arithmetic) {
  if (node.count() != 2)
    return node.fail("it has " + llvm::Twine(node.count()) + " inputs, not two");
  size_t constant = node.isConstant(0) ? 0 : 1;
  llvm::Expected<const Mapped *> x = node.anyActivation(1 - constant);
  if (!x)
    return x.takeError();
  std::vector<int64_t> dims = (*x)->dims;
  std::optional<double> number = node.number(constant, dims.size());
  if (!number)
    return addByChannel(node, constant, arithmetic);
  llvm::Expected<Formula> formula = node.formula(1 - constant);
  if (!formula)
    return formula.takeError();
  if (std::optional<Formula> result = arithmetic.ofNumber(*formula, *number))
    return node.add(std::move(*result), std::move(dims));
  // What stands before may be an activation by itself.
  if (llvm::Error error = node.view(1 - constant).moveInto(x))
    return error;
  return node.add(*arithmetic.ofNumber(Formula::of((*x)->value), *number), std::move(dims));
}

/// `x` as the vector that it is under the graph's sizes, if it is an image of one pixel.
static llvm::Expected<ValueId> flat(NodeMapping &node, ValueId x) {
  Dims dims = node.net().dimsOf(x);
  return dims.size() == 1 ? llvm::Expected<ValueId>(x) : node.part({"flatten", {x}, {}, {dims[0] * dims[1] * dims[2]}, {}});
}

/// The sum of two values that the graph sees under the same sizes. A pooled image may be a vector in one of them only.
static llvm::Expected<Call> sumOf(NodeMapping &node, Mapped a, const Mapped &second) {
  Mapped b = second;
  const Net &net = node.net();
  if (a.dims != b.dims)
    return node.fail("its inputs are " + node.sizes(a.dims) + " and " + node.sizes(b.dims) + "; Skip adds what has one shape");
  if (net.dimsOf(a.value) != net.dimsOf(b.value))
    for (Mapped *side : {&a, &b})
      if (llvm::Error error = flat(node, side->value).moveInto(side->value))
        return error;
  if (net.dimsOf(a.value) != net.dimsOf(b.value))
    return node.fail("its inputs are " + listText(net.dimsOf(a.value)) + " and " + listText(net.dimsOf(b.value)) +
                     " in Skip, which adds what has one shape");
  return Call{"add", {a.value, b.value}, {}, net.dimsOf(a.value), {}};
}

/// Whether it is one value for each channel of an image or a vector, and the graph sees it so too: [N, channels, 1, 1] beside
/// [N, channels, height, width], or repeated to all of that.
static bool isFactorOf(const NodeMapping &node, const Mapped &scale, const Mapped &x) {
  const Dims &own = node.net().dimsOf(scale.value), &base = node.net().dimsOf(x.value);
  bool isVector = own.size() == 1 || (own.size() == 3 && own[1] == 1 && own[2] == 1);
  if (!isVector || own[0] != base[0] || x.repeatedBy || scale.dims.size() != x.dims.size())
    return false;
  if (base.size() == 1 || scale.repeatedBy)
    return scale.dims == x.dims;
  std::vector<int64_t> wanted = x.dims;
  std::fill(wanted.end() - 2, wanted.end(), 1);
  return scale.dims == wanted;
}

/// The same of an image, beside which it is not of one shape.
static bool isOffsetOf(const NodeMapping &node, const Mapped &offset, const Mapped &x) {
  return node.net().dimsOf(x.value).size() == 3 && (offset.repeatedBy || offset.dims != x.dims) && isFactorOf(node, offset, x);
}

/// a + b, or a - b, of two values: b by a line then.
static llvm::Error addValues(NodeMapping &node, bool subtracts) {
  llvm::Expected<const Mapped *> first = node.factor(0), second = first ? node.factor(1) : first.takeError();
  if (!second)
    return second.takeError();
  Mapped a = **first, b = **second;
  if (subtracts)
    if (llvm::Error error = node.line(b.value, {{-1}, {0}}).moveInto(b.value))
      return error;
  for (const auto &[x, offset] : {std::pair(a, b), std::pair(b, a)})
    if (isOffsetOf(node, offset, x))
      return node.add({"shift", {x.value, offset.value}, {}, node.net().dimsOf(x.value), {}}, x.dims);
  for (size_t i : {0, 1})
    if (llvm::Expected<const Mapped *> view = node.view(i); !view)
      return view.takeError();
  llvm::Expected<Call> sum = sumOf(node, a, b);
  return sum ? node.add(std::move(*sum), a.dims) : sum.takeError();
}

static llvm::Error mapAdd(NodeMapping &node) {
  static constexpr Arithmetic arithmetic = {"adds", [](const Formula &x, double number) { return x.plus(number); },
                                            [](double number) { return std::pair(1.0, number); }, 1};
  if (node.count() != 2)
    return node.fail("it has " + llvm::Twine(node.count()) + " inputs, not two");
  for (size_t i : {0, 1})
    if (node.isConstant(i))
      return addsBias(node, i) ? mapBias(node, i) : addConstant(node, arithmetic);
  return addValues(node, false);
}

/// Of any number, from the left.
static llvm::Error mapSum(NodeMapping &node) {
  if (node.count() == 2)
    return mapAdd(node);
  llvm::Expected<const Mapped *> first = node.view(0);
  if (!first)
    return first.takeError();
  Mapped sum = **first;
  for (size_t i = 1; i < node.count(); ++i) {
    llvm::Expected<const Mapped *> next = node.view(i);
    if (!next)
      return next.takeError();
    llvm::Expected<Call> call = sumOf(node, sum, **next);
    if (!call)
      return call.takeError();
    if (llvm::Error error = node.part(std::move(*call)).moveInto(sum.value))
      return error;
  }
  return node.alias({.dims = sum.dims, .value = sum.value});
}

static llvm::Error mapSub(NodeMapping &node) {
  static constexpr Arithmetic fromConstant = {"subtracts from",
                                              [](const Formula &x, double number) { return x.times(-1).plus(number); },
                                              [](double number) { return std::pair(-1.0, number); }};
  static constexpr Arithmetic constant = {"subtracts", [](const Formula &x, double number) { return x.plus(-number); },
                                          [](double number) { return std::pair(1.0, -number); }};
  if (node.count() != 2)
    return node.fail("it has " + llvm::Twine(node.count()) + " inputs, not two");
  if (!node.isConstant(0) && !node.isConstant(1))
    return addValues(node, true);
  return addConstant(node, node.isConstant(0) ? fromConstant : constant);
}

static llvm::Error mapDiv(NodeMapping &node) {
  static constexpr Arithmetic arithmetic = {"divides by",
                                            [](const Formula &x, double number) { return std::optional(x.times(1 / number)); },
                                            [](double number) { return std::pair(1 / number, 0.0); }};
  if (!node.isConstant(1))
    return node.fail("Skip divides by constants only");
  return addConstant(node, arithmetic);
}

/// What both are together, if each is arithmetic with one value: x * sigmoid(x).
static llvm::Expected<std::optional<Formula>> productOf(const NodeMapping &node) {
  llvm::Expected<const Mapped *> a = node.anyActivation(0), b = a ? node.anyActivation(1) : a.takeError();
  if (!b)
    return b.takeError();
  auto isWhole = [](const Mapped &x) { return !x.repeatedBy && !x.pending.node; };
  if ((*a)->dims != (*b)->dims || !isWhole(**a) || !isWhole(**b))
    return std::nullopt;
  for (auto [first, second] : {std::pair(*a, *b), std::pair(*b, *a)}) {
    if (!second->formula)
      continue;
    bool isBase = first->isWritten && first->value == second->formula->base;
    bool isAlike = first->formula && first->formula->base == second->formula->base;
    std::optional<Formula> product = isBase    ? Formula::of(first->value).times(*second->formula)
                                     : isAlike ? first->formula->times(*second->formula)
                                               : std::nullopt;
    if (product)
      return product;
  }
  return std::nullopt;
}

static llvm::Error mapMul(NodeMapping &node) {
  static constexpr Arithmetic arithmetic = {"multiplies",
                                            [](const Formula &x, double number) { return std::optional(x.times(number)); },
                                            [](double number) { return std::pair(number, 0.0); }, 0};
  if (node.count() != 2)
    return node.fail("it has " + llvm::Twine(node.count()) + " inputs, not two");
  if (node.isConstant(0) || node.isConstant(1))
    return addConstant(node, arithmetic);
  llvm::Expected<std::optional<Formula>> product = productOf(node);
  if (!product)
    return product.takeError();
  if (*product)
    return node.add(std::move(**product), (*node.anyActivation(0))->dims);
  llvm::Expected<const Mapped *> a = node.factor(0), b = a ? node.factor(1) : a.takeError();
  if (!b)
    return b.takeError();
  for (auto [x, scale] : {std::pair(*a, *b), std::pair(*b, *a)})
    if (isFactorOf(node, *scale, *x))
      return node.add({"mul", {x->value, scale->value}, {}, node.net().dimsOf(x->value), {}}, x->dims);
  const Dims &dims = node.net().dimsOf((*a)->value);
  bool isAlike = (*a)->dims == (*b)->dims && dims == node.net().dimsOf((*b)->value);
  if (isAlike && !(*a)->repeatedBy && !(*b)->repeatedBy)
    return node.add({"mul", {(*a)->value, (*b)->value}, {}, dims, {}}, (*a)->dims);
  return node.fail("its inputs are " + node.sizes((*a)->dims) + " and " + node.sizes((*b)->dims) +
                   "; Skip multiplies what has one shape, or by one value for each image and channel");
}

llvm::ArrayRef<NodeMapperEntry> onnx::arithmeticMappers() {
  static constexpr NodeMapperEntry entries[] = {
      {"Add", mapAdd}, {"Sum", mapSum}, {"Sub", mapSub}, {"Mul", mapMul}, {"Div", mapDiv},
  };
  return entries;
}
