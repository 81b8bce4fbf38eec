// Operations that have weights.
#include "tools/import/NodeMapping.h"
#include "tools/import/Parameters.h"
#include "tools/import/Constant.h"
#include "tools/import/Windows.h"

#include "frontend/Limits.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace skip;
using namespace skip::onnx;

static llvm::Error checkBias(const NodeMapping &node, const Constant &bias, int64_t channels) {
  return bias.dims.size() == 1 && bias.dims[0] == channels && isReal(bias.type)
             ? llvm::Error::success()
             : node.fail("its bias is " + listText(bias.dims) + " of " + elementName(bias.type) + ", not [" +
                         llvm::Twine(channels) + "] of float32");
}

/// x as rows of features: of [N, features], where all nodes that lead there agree that it is a vector.
static llvm::Error addLinear(NodeMapping &node, const Mapped &x, const Constant &weight, bool transposed, const Constant *bias,
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

/// A 1x1 convolution of a pooled image is a product.
static llvm::Error mapPooledConvolution(NodeMapping &node, const Mapped &x, const Constant &weight, const Constant *bias,
                                        const Window &window) {
  auto isOne = [](const Extent &extent) { return extent.kernel == 1 && extent.before + extent.after == 0; };
  if (!isOne(window.height) || !isOne(window.width) || weight.dims[1] != x.dims[1])
    return node.fail("its filter " + listText(weight.dims) +
                     " is over an image of one pixel; that is imported of 1x1, in one group");
  Constant matrix = weight;
  matrix.dims.resize(2);
  return addLinear(node, x, matrix, false, bias, {x.dims[0], weight.dims[0], 1, 1});
}

static llvm::Error checkWork(const NodeMapping &node, llvm::ArrayRef<int64_t> filter, int64_t height, int64_t width) {
  std::vector<int64_t> all = {height, width};
  all.insert(all.end(), filter.begin(), filter.end());
  std::optional<int64_t> multiplyAdds = countElements(all);
  return multiplyAdds && *multiplyAdds < frontend::Limits().multiplyAdds
             ? llvm::Error::success()
             : node.fail("it takes more multiply-adds than Skip accepts");
}

static llvm::Error mapConvolution(NodeMapping &node) {
  llvm::Expected<const Mapped *> x = node.pendingActivation(0);
  if (!x)
    return x.takeError();
  llvm::Expected<const Constant *> weight = node.constant(1, "weight");
  if (!weight)
    return weight.takeError();
  const Constant *bias = nullptr;
  if (node.has(2))
    if (llvm::Error error = node.constant(2, "bias").moveInto(bias))
      return error;
  const Dims &filter = (*weight)->dims;
  if ((*x)->dims.size() != 4 || filter.size() != 4 || !isReal((*weight)->type))
    return node.fail("its input is " + node.sizes((*x)->dims) + " and its weight " + listText(filter) +
                     "; convolutions of images are imported");
  if (llvm::is_contained(filter, 0))
    return node.fail("its weight is empty");
  // Steps and zero channels that are pending are written down; zeros around the image the convolution itself adds.
  Pending pads = (*x)->pending;
  bool takesPads = pads.node && !pads.channelsBefore && !pads.channelsAfter && pads.rowStep == 1 && pads.columnStep == 1;
  if (!takesPads) {
    pads = {};
    if (x = node.activation(0); !x)
      return x.takeError();
  }
  int64_t rows = (*x)->dims[2] - pads.top - pads.bottom, columns = (*x)->dims[3] - pads.left - pads.right;
  std::string problem;
  Window window = readWindow(node.attributes, (*x)->dims[2], (*x)->dims[3], llvm::ArrayRef(filter).drop_front(2), problem);
  window.height.before += pads.top, window.height.after += pads.bottom;
  window.width.before += pads.left, window.width.after += pads.right;
  int64_t groups = node.attributes.integer("group", 1), channels = filter[0];
  if (!problem.empty())
    return node.fail(problem);
  if (groups < 1 || channels % groups != 0)
    return node.fail("`group` = " + llvm::Twine(groups) + " of " + llvm::Twine(channels) + " channels");
  if ((*x)->dims[1] % groups != 0 || filter[1] != (*x)->dims[1] / groups || filter[2] != window.height.kernel ||
      filter[3] != window.width.kernel)
    return node.fail("its weight " + listText(filter) + " does not fit its input " + node.sizes((*x)->dims));
  if (llvm::Error error = bias ? checkBias(node, *bias, channels) : llvm::Error::success())
    return error;
  if (node.net().dimsOf((*x)->value).size() == 1)
    return mapPooledConvolution(node, **x, **weight, bias, window);
  for (Extent *extent : {&window.height, &window.width})
    extent->dilation = extent->kernel == 1 ? 1 : extent->dilation;
  if (llvm::Error error = checkExtents(node, window))
    return error;
  std::optional<int64_t> height = window.outputSize(window.height, rows), width = window.outputSize(window.width, columns);
  if (!height || !width)
    return node.fail("its filter is larger than the image");
  if (llvm::Error error = checkWork(node, filter, *height, *width))
    return error;
  Call call{"conv",
            {(*x)->value},
            {{"channels", channels, std::nullopt},
             {"kernel", pairValue(window.height.kernel, window.width.kernel), std::nullopt},
             {"stride", pairValue(window.height.stride, window.width.stride), int64_t(1)},
             {"pad", padsOf(window), samePads(window)},
             {"bias", bias != nullptr, false},
             {"groups", groups, int64_t(1)},
             {"dilation", pairValue(window.height.dilation, window.width.dilation), int64_t(1)}},
            {channels, *height, *width},
            {}};
  call.parameters.push_back({"weight", **weight, filter});
  if (bias)
    call.parameters.push_back({"bias", *bias, {channels}});
  call.path = node.pathOf(**weight);
  return node.add(std::move(call), {(*x)->dims[0], channels, *height, *width});
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

static llvm::Error mapGemm(NodeMapping &node) {
  double alpha = node.attributes.real("alpha", 1), beta = node.attributes.real("beta", 1);
  int64_t transA = node.attributes.integer("transA", 0), transB = node.attributes.integer("transB", 0);
  llvm::Expected<const Mapped *> x = node.activation(0);
  if (!x)
    return x.takeError();
  llvm::Expected<const Constant *> weight = node.constant(1, "weight");
  if (!weight)
    return weight.takeError();
  if (alpha != 1 || (beta != 1 && node.has(2)) || transA)
    return node.fail("`alpha` = " + valueText(alpha) + ", `beta` = " + valueText(beta) + ", `transA` = " + llvm::Twine(transA) +
                     ": Skip has plain products, with 1, 1 and 0");
  if ((*x)->dims.size() != 2 || (*weight)->dims.size() != 2 || !isReal((*weight)->type) ||
      llvm::is_contained((*weight)->dims, 0))
    return node.fail("its input is " + node.sizes((*x)->dims) + " and its weight " + listText((*weight)->dims) +
                     "; products of vectors and a matrix are imported");
  int64_t outputs = (*weight)->dims[transB ? 0 : 1];
  std::optional<Constant> bias;
  if (node.has(2)) {
    llvm::Expected<const Constant *> given = node.constant(2, "bias");
    if (!given)
      return given.takeError();
    bias = **given;
    if (bias->dims.size() == 2 && bias->dims[0] == 1)
      bias->dims.erase(bias->dims.begin());
    if (llvm::Error error = checkBias(node, *bias, outputs))
      return error;
  }
  return addLinear(node, **x, **weight, !transB, bias ? &*bias : nullptr, {(*x)->dims[0], outputs});
}

static llvm::Error mapMatMul(NodeMapping &node) {
  llvm::Expected<const Mapped *> x = node.activation(0);
  if (!x)
    return x.takeError();
  llvm::Expected<const Constant *> weight = node.constant(1, "weight");
  if (!weight)
    return weight.takeError();
  if ((*x)->dims.size() != 2 || (*weight)->dims.size() != 2 || !isReal((*weight)->type) ||
      llvm::is_contained((*weight)->dims, 0))
    return node.fail("its input is " + node.sizes((*x)->dims) + " and its weight " + listText((*weight)->dims) +
                     "; products of vectors and a matrix are imported");
  return addLinear(node, **x, **weight, true, nullptr, {(*x)->dims[0], (*weight)->dims[1]});
}

llvm::ArrayRef<NodeMapperEntry> onnx::layerMappers() {
  static constexpr NodeMapperEntry entries[] = {
      {"Conv", mapConvolution}, {"BatchNormalization", mapBatchNorm}, {"Gemm", mapGemm}, {"MatMul", mapMatMul},
      {"PRelu", mapPRelu},
  };
  return entries;
}
