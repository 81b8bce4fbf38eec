// Operations on each element, sums and products.
#include "tools/import/NodeMapping.h"
#include "tools/import/Constant.h"

#include "support/Printable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>
#include <limits>

using namespace skip;
using namespace skip::onnx;

static llvm::Error addUnary(NodeMapping &node, llvm::StringLiteral operation, llvm::SmallVector<Argument, 6> arguments = {}) {
  llvm::Expected<const Mapped *> x = node.activation(0);
  if (!x)
    return x.takeError();
  Call call{operation, {(*x)->value}, std::move(arguments), node.net().dimsOf((*x)->value), {}};
  return node.add(std::move(call), (*x)->dims);
}

static llvm::Error mapRelu(NodeMapping &node) { return addUnary(node, "relu"); }

/// Whether the constant is added to the result of a convolution or a product that has no bias yet, and that only this node
/// reads, and has a value for each channel: [channels] to [N, channels], [channels, 1, 1] or [1, channels, 1, 1] to images.
static bool addsBias(const NodeMapping &node, size_t constant) {
  llvm::Expected<const Mapped *> x = node.anyActivation(1 - constant);
  if (!x)
    return llvm::consumeError(x.takeError()), false;
  const Net &net = node.net();
  if (!(*x)->isWritten || (*x)->pending.node || (*x)->repeatedBy || net.isInput((*x)->value) || node.usesOf(1 - constant) != 1)
    return false;
  const Call &call = net.calls[net.callOf((*x)->value)];
  if ((call.operation != "linear" && call.operation != "conv") || call.parameters.size() != 1)
    return false;
  const Constant &bias = **node.constant(constant, "bias");
  std::vector<int64_t> wanted((*x)->dims.size(), 1);
  wanted[1] = call.dims[0];
  std::vector<int64_t> given(wanted.size() - std::min(wanted.size(), bias.dims.size()), 1);
  given.insert(given.end(), bias.dims.begin(), bias.dims.end());
  return given == wanted && isReal(bias.type);
}

static llvm::Error mapBias(NodeMapping &node, size_t constant) {
  llvm::Expected<const Mapped *> x = node.activation(1 - constant);
  if (!x)
    return x.takeError();
  const Constant &bias = **node.constant(constant, "bias");
  if (!addsBias(node, constant))
    return node.fail(
        "it adds a constant of " + listText(bias.dims) + " to " + node.sizes((*x)->dims) +
        "; Skip adds constants only as the bias, a value for each channel, of a convolution or product that has none");
  Call &call = node.net().calls[node.net().callOf((*x)->value)];
  call.parameters.push_back({"bias", bias, {call.dims[0]}});
  Argument *argument = llvm::find_if(call.arguments, [](const Argument &a) { return a.name == "bias"; });
  argument->value = true;
  return node.alias(**x);
}

/// A constant of one number, which changes no sizes.
static std::optional<double> scalarOf(const NodeMapping &node, size_t i, size_t rank) {
  if (!node.isConstant(i))
    return std::nullopt;
  const Constant &constant = **node.constant(i, "number");
  bool isNumber = isReal(constant.type) && countElements(constant.dims) == 1 && constant.dims.size() <= rank;
  return isNumber ? std::optional(elementsOf(constant)[0]) : std::nullopt;
}

/// Arithmetic with a number, of whichever input is none.
static llvm::Error addScalar(NodeMapping &node, std::optional<Formula> (*compute)(const Formula &x, double number)) {
  if (node.count() != 2)
    return node.fail("it has " + llvm::Twine(node.count()) + " inputs, not two");
  size_t activation = node.isConstant(0) ? 1 : 0;
  llvm::Expected<const Mapped *> x = node.anyActivation(activation);
  if (!x)
    return x.takeError();
  std::vector<int64_t> dims = (*x)->dims;
  std::optional<double> number = scalarOf(node, 1 - activation, dims.size());
  if (!number)
    return node.fail("its input " + llvm::Twine(1 - activation) +
                     " is no number; Skip computes with constants only what is an " + "activation of its language");
  llvm::Expected<Formula> formula = node.formula(activation);
  if (!formula)
    return formula.takeError();
  if (std::optional<Formula> result = compute(*formula, *number))
    return node.add(std::move(*result), std::move(dims));
  // What stands before may be an activation by itself.
  if (llvm::Error error = node.activation(activation).moveInto(x))
    return error;
  if (std::optional<Formula> result = compute(Formula::of((*x)->value), *number))
    return node.add(std::move(*result), std::move(dims));
  return node.fail("no activation of the language begins so");
}

static llvm::Error mapAdd(NodeMapping &node) {
  if (node.count() != 2)
    return node.fail("it has " + llvm::Twine(node.count()) + " inputs; Skip adds two");
  for (size_t i : {0, 1}) {
    if (!node.isConstant(i))
      continue;
    bool isNumber = countElements((*node.constant(i, "number"))->dims) == 1 && !addsBias(node, i);
    return isNumber ? addScalar(node, [](const Formula &x, double number) { return x.plus(number); }) : mapBias(node, i);
  }
  llvm::Expected<const Mapped *> a = node.activation(0);
  if (!a)
    return a.takeError();
  llvm::Expected<const Mapped *> b = node.activation(1);
  if (!b)
    return b.takeError();
  const Net &net = node.net();
  if ((*a)->dims != (*b)->dims || net.dimsOf((*a)->value) != net.dimsOf((*b)->value))
    return node.fail("its inputs are " + node.sizes((*a)->dims) + " and " + node.sizes((*b)->dims) +
                     "; Skip adds what has one shape");
  return node.add({"add", {(*a)->value, (*b)->value}, {}, net.dimsOf((*a)->value), {}}, (*a)->dims);
}

static llvm::Error mapSub(NodeMapping &node) {
  if (node.isConstant(0))
    return addScalar(node, [](const Formula &x, double number) { return x.times(-1).plus(number); });
  return addScalar(node, [](const Formula &x, double number) { return x.plus(-number); });
}

static llvm::Error mapDiv(NodeMapping &node) {
  if (node.isConstant(0))
    return node.fail("it divides a constant; Skip has no such operation");
  return addScalar(node, [](const Formula &x, double number) { return std::optional(x.times(1 / number)); });
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

/// One value for each channel, of an image or a vector of `dims`.
static bool isFactorOf(const NodeMapping &node, const Mapped &scale, const Mapped &x) {
  const Dims &own = node.net().dimsOf(scale.value), &image = node.net().dimsOf(x.value);
  bool isVector = own.size() == 1 || (own.size() == 3 && own[1] == 1 && own[2] == 1);
  return isVector && own[0] == image[0] && !x.repeatedBy && scale.dims.size() == x.dims.size() && scale.dims[0] == x.dims[0] &&
         (!scale.repeatedBy || scale.dims == x.dims);
}

static llvm::Error mapMul(NodeMapping &node) {
  if (node.count() != 2)
    return node.fail("it has " + llvm::Twine(node.count()) + " inputs, not two");
  if (node.isConstant(0) || node.isConstant(1))
    return addScalar(node, [](const Formula &x, double number) { return std::optional(x.times(number)); });
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
  return node.fail("its inputs are " + node.sizes((*a)->dims) + " and " + node.sizes((*b)->dims) +
                   "; Skip multiplies by one value for each image and channel");
}

/// f of each element, where what stands before is no arithmetic that f takes.
static llvm::Error addFunction(NodeMapping &node, Formula::Function function, double least = 0, double most = 0) {
  llvm::Expected<Formula> formula = node.formula(0);
  if (!formula)
    return formula.takeError();
  std::vector<int64_t> dims = (*node.anyActivation(0))->dims;
  if (std::optional<Formula> result = formula->apply(function, least, most))
    return node.add(std::move(*result), std::move(dims));
  llvm::Expected<const Mapped *> x = node.activation(0);
  if (!x)
    return x.takeError();
  return node.add(*Formula::of((*x)->value).apply(function, least, most), std::move(dims));
}

static llvm::Error mapSigmoid(NodeMapping &node) { return addFunction(node, Formula::Function::Sigmoid); }
static llvm::Error mapErf(NodeMapping &node) { return addFunction(node, Formula::Function::Erf); }

static llvm::Error mapClip(NodeMapping &node) {
  double bounds[] = {-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
  for (size_t i : {0, 1}) {
    if (!node.has(i + 1))
      continue;
    std::optional<double> bound = scalarOf(node, i + 1, 1);
    if (!bound)
      return node.fail("its input " + llvm::Twine(i + 1) + " is no constant number");
    bounds[i] = *bound;
  }
  return addFunction(node, Formula::Function::Clip, bounds[0], bounds[1]);
}

/// clip(alpha x + beta, 0, 1).
static llvm::Error mapHardSigmoid(NodeMapping &node) {
  double alpha = node.attributes.real("alpha", 0.2), beta = node.attributes.real("beta", 0.5);
  llvm::Expected<const Mapped *> x = node.activation(0);
  if (!x)
    return x.takeError();
  std::optional<Formula> line = Formula::of((*x)->value).times(alpha).plus(beta);
  return node.add(*line->apply(Formula::Function::Clip, 0, 1), (*x)->dims);
}

static llvm::Error mapHardSwish(NodeMapping &node) { return addUnary(node, "hard_swish"); }

static llvm::Error mapGelu(NodeMapping &node) {
  std::string way = node.attributes.text("approximate", "none");
  if (way != "none")
    return node.fail("`approximate` = " + printable(way) + ": Skip has gelu by the normal distribution itself, `none`");
  return addUnary(node, "gelu");
}

static llvm::Error mapLeakyRelu(NodeMapping &node) {
  double slope = node.attributes.decimal("alpha", 0.01);
  if (!std::isfinite(slope))
    return node.fail("`alpha` is no number");
  return addUnary(node, "leaky_relu", {{"slope", slope, 0.01}});
}

static llvm::Error mapSoftmax(NodeMapping &node) {
  int64_t axis = node.attributes.integer("axis", node.model().opset < 13 ? 1 : -1);
  llvm::Expected<const Mapped *> x = node.activation(0);
  if (!x)
    return x.takeError();
  if ((*x)->dims.size() != 2 || (axis != 1 && axis != -1))
    return node.fail("`axis` = " + llvm::Twine(axis) + " of " + node.sizes((*x)->dims) + ": Skip has the softmax of vectors");
  return addUnary(node, "softmax");
}

llvm::ArrayRef<NodeMapperEntry> onnx::elementwiseMappers() {
  static constexpr NodeMapperEntry entries[] = {
      {"Relu", mapRelu},
      {"Add", mapAdd},
      {"Sum", mapAdd},
      {"Sub", mapSub},
      {"Mul", mapMul},
      {"Div", mapDiv},
      {"Sigmoid", mapSigmoid},
      {"Erf", mapErf},
      {"Clip", mapClip},
      {"HardSigmoid", mapHardSigmoid},
      {"HardSwish", mapHardSwish},
      {"Gelu", mapGelu},
      {"LeakyRelu", mapLeakyRelu},
      {"Softmax", mapSoftmax},
  };
  return entries;
}
