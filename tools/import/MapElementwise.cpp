// Operations on each element of one value.
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
  llvm::Expected<const Mapped *> x = node.view(0);
  if (!x)
    return x.takeError();
  Call call{operation, {(*x)->value}, std::move(arguments), node.net().dimsOf((*x)->value), {}};
  return node.add(std::move(call), (*x)->dims);
}

static llvm::Error mapRelu(NodeMapping &node) { return addUnary(node, "relu"); }

/// f of each element, where what stands before is no arithmetic that f takes.
static llvm::Error addFunction(NodeMapping &node, Formula::Function function, double least = 0, double most = 0) {
  llvm::Expected<Formula> formula = node.formula(0);
  if (!formula)
    return formula.takeError();
  std::vector<int64_t> dims = (*node.anyActivation(0))->dims;
  if (std::optional<Formula> result = formula->apply(function, least, most))
    return node.add(std::move(*result), std::move(dims));
  llvm::Expected<const Mapped *> x = node.view(0);
  if (!x)
    return x.takeError();
  return node.add(*Formula::of((*x)->value).apply(function, least, most), std::move(dims));
}

static llvm::Error mapSigmoid(NodeMapping &node) { return addFunction(node, Formula::Function::Sigmoid); }
static llvm::Error mapErf(NodeMapping &node) { return addFunction(node, Formula::Function::Erf); }
static llvm::Error mapSoftplus(NodeMapping &node) { return addFunction(node, Formula::Function::Softplus); }

static llvm::Error mapTanh(NodeMapping &node) {
  llvm::Expected<Formula> formula = node.formula(0);
  if (!formula)
    return formula.takeError();
  std::optional<Formula> result = formula->tanh();
  return result ? node.add(std::move(*result), (*node.anyActivation(0))->dims)
                : node.fail("Skip has tanh of a Softplus alone, as in mish");
}

static llvm::Error mapClip(NodeMapping &node) {
  double bounds[] = {-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
  for (size_t i : {0, 1}) {
    if (!node.has(i + 1))
      continue;
    std::optional<double> bound = node.number(i + 1, 1);
    if (!bound)
      return node.fail("its input " + llvm::Twine(i + 1) + " is no constant number");
    bounds[i] = *bound;
  }
  return addFunction(node, Formula::Function::Clip, bounds[0], bounds[1]);
}

/// clip(alpha x + beta, 0, 1).
static llvm::Error mapHardSigmoid(NodeMapping &node) {
  double alpha = node.attributes.real("alpha", 0.2), beta = node.attributes.real("beta", 0.5);
  llvm::Expected<const Mapped *> x = node.view(0);
  if (!x)
    return x.takeError();
  std::optional<Formula> line = Formula::of((*x)->value).times(alpha).plus(beta);
  return node.add(*line->apply(Formula::Function::Clip, 0, 1), (*x)->dims);
}

static llvm::Error mapHardSwish(NodeMapping &node) { return addUnary(node, "hard_swish"); }
static llvm::Error mapMish(NodeMapping &node) { return addUnary(node, "mish"); }

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

llvm::ArrayRef<NodeMapperEntry> onnx::elementwiseMappers() {
  static constexpr NodeMapperEntry entries[] = {
      {"Relu", mapRelu},
      {"Sigmoid", mapSigmoid},
      {"Erf", mapErf},
      {"Clip", mapClip},
      {"HardSigmoid", mapHardSigmoid},
      {"HardSwish", mapHardSwish},
      {"Gelu", mapGelu},
      {"LeakyRelu", mapLeakyRelu},
      {"Mish", mapMish},
      {"Softplus", mapSoftplus},
      {"Tanh", mapTanh},
  };
  return entries;
}
