// Operations on each element, and sums.
#include "tools/import/NodeMapping.h"
#include "tools/import/Constant.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

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

/// A vector that is added to the result of a convolution or a product without a bias is its bias.
static llvm::Error mapBias(NodeMapping &node, size_t constant) {
  llvm::Expected<const Mapped *> x = node.activation(1 - constant);
  if (!x)
    return x.takeError();
  llvm::Expected<const Constant *> bias = node.constant(constant, "bias");
  if (!bias)
    return bias.takeError();
  Net &net = node.net();
  Call *call = net.isInput((*x)->value) ? nullptr : &net.calls[net.callOf((*x)->value)];
  std::string what = "it adds a constant of " + listText((*bias)->dims) + " to " + node.sizes((*x)->dims);
  bool isLinear = call && (call->operation == "linear" || call->operation == "conv");
  if (!isLinear || call->parameters.size() != 1 || node.usesOf(1 - constant) != 1)
    return node.fail(what + "; Skip adds constants only as the bias of a convolution or product that has none");
  // [channels] to [N, channels], [channels, 1, 1] or [1, channels, 1, 1] to images.
  std::vector<int64_t> wanted((*x)->dims.size(), 1);
  wanted[1] = call->dims[0];
  std::vector<int64_t> given(wanted.size() - std::min(wanted.size(), (*bias)->dims.size()), 1);
  given.insert(given.end(), (*bias)->dims.begin(), (*bias)->dims.end());
  if (given != wanted || !isReal((*bias)->type))
    return node.fail(what + ", which is no value for each channel");
  call->parameters.push_back({"bias", **bias, {call->dims[0]}});
  Argument *argument = llvm::find_if(call->arguments, [](const Argument &a) { return a.name == "bias"; });
  argument->value = true;
  return node.alias(**x);
}

static llvm::Error mapAdd(NodeMapping &node) {
  if (node.count() != 2)
    return node.fail("it has " + llvm::Twine(node.count()) + " inputs; Skip adds two");
  for (size_t i : {0, 1})
    if (node.isConstant(i))
      return mapBias(node, i);
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
      {"Softmax", mapSoftmax},
  };
  return entries;
}
