// Operations that have weights.
#include "tools/import/Constant.h"
#include "tools/import/Layers.h"
#include "tools/import/Parameters.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>

using namespace skip;
using namespace skip::onnx;

llvm::Error onnx::checkBias(const NodeMapping &node, const Constant &bias, int64_t channels) {
  return bias.dims.size() == 1 && bias.dims[0] == channels && isReal(bias.type)
             ? llvm::Error::success()
             : node.fail("its bias is " + listText(bias.dims) + " of " + elementName(bias.type) + ", not [" +
                         llvm::Twine(channels) + "] of float32");
}

/// x as rows of features: of [N, features], where all nodes that lead there agree that it is a vector.
llvm::Error onnx::addLinear(NodeMapping &node, const Mapped &x, const Constant &weight, bool transposed, const Constant *bias,
                            std::vector<int64_t> dims) {
  int64_t outputs = weight.dims[transposed ? 1 : 0], depth = weight.dims[transposed ? 0 : 1];
  const Dims &own = node.net().dimsOf(x.value);
  if (own.size() != 1 || own[0] != depth)
    return node.fail("its input is " + node.sizes(x.dims) + ", its weight takes vectors of " + llvm::Twine(depth));
  Call call{"linear", {x.value}, {{"features", outputs, std::nullopt}, {"bias", bias != nullptr, true}}, {outputs}, {}};
  call.parameters.push_back({"weight", weight, {outputs, depth}, transposed});
  if (bias)
    call.parameters.push_back({"bias", *bias, {outputs}});
  call.path = node.pathOf(weight);
  return node.add(std::move(call), std::move(dims));
}

static llvm::Error mapBatchNorm(NodeMapping &node) {
  double epsilon = node.attributes.decimal("epsilon", 1e-5);
  node.attributes.ignore("momentum");
  if (node.attributes.integer("training_mode", 0) != 0)
    return node.fail("`training_mode` = 1: export the network for inference");
  llvm::Expected<const Mapped *> x = node.activation(0);
  if (!x)
    return x.takeError();
  if (!(epsilon > 0 && epsilon <= 1))
    return node.fail("`epsilon` = " + valueText(epsilon) + ": Skip takes those above 0 and at most 1");
  const Dims dims = node.net().dimsOf((*x)->value);
  Call call{"bn", {(*x)->value}, {{"eps", epsilon, 1e-5}}, dims, {}};
  static constexpr llvm::StringLiteral names[] = {"weight", "bias", "running_mean", "running_var"};
  for (size_t i = 0; i < 4; ++i) {
    llvm::Expected<const Constant *> vector = node.constant(i + 1, names[i]);
    if (!vector)
      return vector.takeError();
    if (llvm::ArrayRef<int64_t>((*vector)->dims) != llvm::ArrayRef<int64_t>(dims[0]) || !isReal((*vector)->type))
      return node.fail("its " + names[i] + " is " + listText((*vector)->dims) + ", not of " + llvm::Twine(dims[0]) +
                       " channels");
    call.parameters.push_back({names[i], **vector, {dims[0]}});
    if (i == 0)
      call.path = node.pathOf(**vector);
  }
  return node.add(std::move(call), (*x)->dims);
}

/// A slope for each channel; one for all of them is written out for each.
static llvm::Error mapPRelu(NodeMapping &node) {
  llvm::Expected<const Mapped *> x = node.activation(0);
  if (!x)
    return x.takeError();
  llvm::Expected<const Constant *> slope = node.constant(1, "slope");
  if (!slope)
    return slope.takeError();
  const Dims dims = node.net().dimsOf((*x)->value);
  int64_t channels = dims[0];
  // [C, 1, 1] or [1, C, 1, 1] to images, [C] or [1, C] to vectors.
  std::vector<int64_t> wanted((*x)->dims.size(), 1), given;
  wanted[1] = channels;
  given.assign(wanted.size() - std::min(wanted.size(), (*slope)->dims.size()), 1);
  given.insert(given.end(), (*slope)->dims.begin(), (*slope)->dims.end());
  constexpr int64_t mostRepeated = 1 << 20;
  bool isOne = countElements((*slope)->dims) == 1 && channels <= mostRepeated;
  if (!isReal((*slope)->type) || given.size() != wanted.size() || (!isOne && given != wanted))
    return node.fail("its slopes are " + listText((*slope)->dims) + " for " + node.sizes((*x)->dims) +
                     "; Skip has one for each channel");
  Constant slopes = **slope;
  if (isOne)
    slopes = makeConstant(slopes.name, ElementType::Double, {channels},
                          std::vector<double>(static_cast<size_t>(channels), elementsOf(slopes)[0]));
  Call call{"prelu", {(*x)->value}, {}, dims, {}};
  call.path = node.pathOf(slopes);
  call.parameters.push_back({"weight", std::move(slopes), {channels}});
  return node.add(std::move(call), (*x)->dims);
}

/// A constant by a number, under another name: a checkpoint that has it unscaled must not fit.
static llvm::Error scale(NodeMapping &node, Constant &constant, double factor) {
  if (!(std::abs(factor) <= 1e6))
    return node.fail("`alpha` and `beta` are no numbers that a network scales by");
  if (llvm::Error error = node.charge(*countElements(constant.dims)))
    return error;
  std::vector<double> values = elementsOf(constant);
  for (double &value : values)
    value *= factor;
  llvm::StringRef name = constant.name;
  constant = makeConstant(name.consume_back(".weight") ? name.str() + ".computed.weight" : constant.name, ElementType::Double,
                          constant.dims, values);
  return llvm::Error::success();
}

/// A number for each output: those of one row, or one for all of them.
static llvm::Expected<Constant> biasOf(NodeMapping &node, int64_t outputs) {
  llvm::Expected<const Constant *> given = node.constant(2, "bias");
  if (!given)
    return given.takeError();
  Constant bias = **given;
  if (bias.dims.size() == 2 && bias.dims[0] == 1)
    bias.dims.erase(bias.dims.begin());
  if (bias.dims.size() < 2 && countElements(bias.dims) == 1 && isReal(bias.type) && outputs != 1) {
    if (llvm::Error error = node.charge(outputs))
      return error;
    std::vector<double> repeated(static_cast<size_t>(outputs), elementsOf(bias)[0]);
    bias = makeConstant(bias.name, ElementType::Double, {outputs}, repeated);
  }
  bias.dims = bias.dims.empty() ? Dims{1} : bias.dims;
  if (llvm::Error error = checkBias(node, bias, outputs))
    return error;
  return bias;
}

static llvm::Error mapGemm(NodeMapping &node) {
  double alpha = node.attributes.real("alpha", 1), beta = node.attributes.real("beta", 1);
  int64_t transA = node.attributes.integer("transA", 0), transB = node.attributes.integer("transB", 0);
  llvm::Expected<const Mapped *> x = node.activation(0);
  if (!x)
    return x.takeError();
  llvm::Expected<const Constant *> weight = node.constant(1, "weight");
  if (!weight)
    return weight.takeError();
  if (transA)
    return node.fail("`transA` = " + llvm::Twine(transA) + ": Skip has the products of a vector and a matrix, with 0");
  if ((*x)->dims.size() != 2 || (*weight)->dims.size() != 2 || !isReal((*weight)->type) ||
      llvm::is_contained((*weight)->dims, 0))
    return node.fail("its input is " + node.sizes((*x)->dims) + " and its weight " + listText((*weight)->dims) +
                     "; products of vectors and a matrix are imported");
  int64_t outputs = (*weight)->dims[transB ? 0 : 1];
  std::optional<Constant> bias;
  if (node.has(2)) {
    llvm::Expected<Constant> read = biasOf(node, outputs);
    if (!read)
      return read.takeError();
    bias = std::move(*read);
  }
  Constant matrix = **weight;
  if (alpha != 1 || (bias && beta != 1)) {
    if (llvm::Error error = scale(node, matrix, alpha))
      return error;
    if (llvm::Error error = bias ? scale(node, *bias, beta) : llvm::Error::success())
      return error;
  }
  return addLinear(node, **x, matrix, !transB, bias ? &*bias : nullptr, {(*x)->dims[0], outputs});
}

static llvm::Error mapMatMul(NodeMapping &node) {
  if (!node.isConstant(0) && !node.isConstant(1))
    return mapAttention(node);
  llvm::Expected<const Mapped *> x = node.activation(0);
  if (!x)
    return x.takeError();
  llvm::Expected<const Constant *> weight = node.constant(1, "weight");
  if (!weight)
    return weight.takeError();
  if ((*x)->dims.size() != 2 || (*weight)->dims.size() != 2 || !isReal((*weight)->type) ||
      llvm::is_contained((*weight)->dims, 0))
    return node.fail("its input is " + node.sizes((*x)->dims) + " and its weight " + listText((*weight)->dims) +
                     "; products of vectors and a matrix are imported, and means of images by softmax over their pixels");
  return addLinear(node, **x, **weight, true, nullptr, {(*x)->dims[0], (*weight)->dims[1]});
}

llvm::ArrayRef<NodeMapperEntry> onnx::layerMappers() {
  static constexpr NodeMapperEntry entries[] = {
      {"Conv", mapConvolution}, {"BatchNormalization", mapBatchNorm}, {"Gemm", mapGemm}, {"MatMul", mapMatMul},
      {"PRelu", mapPRelu},
  };
  return entries;
}
