// Operations that have weights, and pools.
#include "tools/import/NodeMapping.h"
#include "tools/import/Parameters.h"
#include "tools/import/Constant.h"
#include "tools/import/Windows.h"

#include "frontend/Limits.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

#include <charconv>

using namespace skip;
using namespace skip::onnx;

/// What Skip's windows have in common: one kernel, stride and padding for both directions and all sides.
static llvm::Error checkSquare(const NodeMapping &node, const Window &window) {
  const auto &[h, w, ceil] = window;
  if (h.kernel != w.kernel)
    return node.fail("`kernel_shape` = " + listText({h.kernel, w.kernel}) + ": Skip has square windows");
  if (h.stride != w.stride)
    return node.fail("`strides` = " + listText({h.stride, w.stride}) + ": Skip has one stride for both directions");
  if (h.dilation != 1 || w.dilation != 1)
    return node.fail("`dilations` = " + listText({h.dilation, w.dilation}) + ": Skip has none but 1");
  if (h.before != h.after || w.before != w.after || h.before != w.before)
    return node.fail("`pads` = " + listText({h.before, w.before, h.after, w.after}) + ": Skip pads all sides alike");
  return llvm::Error::success();
}

/// Rounding up is no matter where it changes no size.
static llvm::Error checkCeil(const NodeMapping &node, Window &window, llvm::ArrayRef<int64_t> dims) {
  if (!window.ceil)
    return llvm::Error::success();
  Window floor = window;
  floor.ceil = false;
  if (floor.outputSize(window.height, dims[2]) != window.outputSize(window.height, dims[2]) ||
      floor.outputSize(window.width, dims[3]) != window.outputSize(window.width, dims[3]))
    return node.fail("`ceil_mode` = 1: Skip rounds sizes down");
  window = floor;
  return llvm::Error::success();
}

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
  if (!isOne(window.height) || !isOne(window.width))
    return node.fail("a window over an image of one pixel that is not of 1x1");
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
  if (groups != 1)
    return node.fail("`group` = " + llvm::Twine(groups) + ": Skip has no grouped convolutions");
  if (filter[1] != (*x)->dims[1] || filter[2] != window.height.kernel || filter[3] != window.width.kernel)
    return node.fail("its weight " + listText(filter) + " does not fit its input " + node.sizes((*x)->dims));
  if (llvm::Error error = bias ? checkBias(node, *bias, channels) : llvm::Error::success())
    return error;
  if (node.net().dimsOf((*x)->value).size() == 1)
    return mapPooledConvolution(node, **x, **weight, bias, window);
  if (llvm::Error error = checkSquare(node, window))
    return error;
  std::optional<int64_t> height = window.outputSize(window.height, rows), width = window.outputSize(window.width, columns);
  if (!height || !width)
    return node.fail("its filter is larger than the image");
  if (llvm::Error error = checkWork(node, filter, *height, *width))
    return error;
  int64_t kernel = window.height.kernel;
  Call call{"conv",
            {(*x)->value},
            {{"channels", channels, std::nullopt},
             {"kernel", kernel, std::nullopt},
             {"stride", window.height.stride, int64_t(1)},
             {"pad", window.height.before, (kernel - 1) / 2},
             {"bias", bias != nullptr, false}},
            {channels, *height, *width},
            {}};
  call.parameters.push_back({"weight", **weight, filter});
  if (bias)
    call.parameters.push_back({"bias", *bias, {channels}});
  call.path = node.pathOf(**weight);
  return node.add(std::move(call), {(*x)->dims[0], channels, *height, *width});
}

/// The shortest decimal number that is this float, so that 1e-5 comes back as it was written.
static double shortest(double value) {
  char text[32];
  auto narrow = static_cast<float>(value);
  auto [end, code] = std::to_chars(text, text + sizeof text, narrow);
  double exact = value;
  if (code == std::errc() && static_cast<double>(narrow) == value)
    std::from_chars(text, end, exact);
  return exact;
}

static llvm::Error mapBatchNorm(NodeMapping &node) {
  double epsilon = shortest(node.attributes.real("epsilon", 1e-5));
  node.attributes.ignore("momentum");
  if (node.attributes.integer("training_mode", 0) != 0)
    return node.fail("`training_mode` = 1: export the network for inference");
  llvm::Expected<const Mapped *> x = node.activation(0);
  if (!x)
    return x.takeError();
  if (!(epsilon > 0 && epsilon <= 1))
    return node.fail("`epsilon` = " + scalarText(epsilon) + ": Skip takes those above 0 and at most 1");
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
    return node.fail("`alpha` = " + scalarText(alpha) + ", `beta` = " + scalarText(beta) +
                     ", `transA` = " + llvm::Twine(transA) + ": Skip has plain products, with 1, 1 and 0");
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

static llvm::Error mapMaxPool(NodeMapping &node) {
  node.attributes.ignore("storage_order"); // of a second output
  llvm::Expected<const Mapped *> x = node.image(0);
  if (!x)
    return x.takeError();
  const std::vector<int64_t> dims = (*x)->dims;
  std::string problem;
  Window window = readWindow(node.attributes, dims[2], dims[3], {}, problem);
  if (!problem.empty())
    return node.fail(problem);
  if (llvm::Error error = checkCeil(node, window, dims))
    return error;
  if (llvm::Error error = checkSquare(node, window))
    return error;
  int64_t kernel = window.height.kernel, pad = window.height.before;
  if (pad > kernel / 2)
    return node.fail("a padding of " + llvm::Twine(pad) + ", more than half of the window of " + llvm::Twine(kernel));
  std::optional<int64_t> height = window.outputSize(window.height, dims[2]), width = window.outputSize(window.width, dims[3]);
  if (!height || !width)
    return node.fail("its window is larger than the image");
  Call call{"max_pool",
            {(*x)->value},
            {{"kernel", kernel, std::nullopt}, {"stride", window.height.stride, std::nullopt}, {"pad", pad, (kernel - 1) / 2}},
            {dims[1], *height, *width},
            {}};
  return node.add(std::move(call), {dims[0], dims[1], *height, *width});
}

/// The mean of each channel, under the sizes that the graph gives it.
static llvm::Error addGlobalPool(NodeMapping &node, const Mapped &x, std::vector<int64_t> dims) {
  return node.add({"global_avg_pool", {x.value}, {}, {x.dims[1]}, {}}, std::move(dims));
}

static llvm::Error mapAveragePool(NodeMapping &node) {
  bool countsPadding = node.attributes.integer("count_include_pad", 0) != 0;
  llvm::Expected<const Mapped *> x = node.image(0);
  if (!x)
    return x.takeError();
  const std::vector<int64_t> dims = (*x)->dims;
  std::string problem;
  Window window = readWindow(node.attributes, dims[2], dims[3], {}, problem);
  if (!problem.empty())
    return node.fail(problem);
  const auto &[h, w, ceil] = window;
  if (h.before + h.after + w.before + w.after == 0 && h.dilation == 1 && w.dilation == 1) {
    if (h.kernel == dims[2] && w.kernel == dims[3])
      return addGlobalPool(node, **x, {dims[0], dims[1], 1, 1});
    if (h.kernel == 1 && w.kernel == 1 && h.stride == 1 && w.stride == 1)
      return node.alias(**x);
  }
  return node.fail("windows of " + listText({h.kernel, w.kernel}) + (countsPadding ? " with their padding" : "") +
                   " in an image of " + listText({dims[2], dims[3]}) + ": Skip takes means over the whole image only");
}

static llvm::Error mapGlobalAveragePool(NodeMapping &node) {
  llvm::Expected<const Mapped *> x = node.image(0);
  if (!x)
    return x.takeError();
  return addGlobalPool(node, **x, {(*x)->dims[0], (*x)->dims[1], 1, 1});
}

static llvm::Error mapReduceMean(NodeMapping &node) {
  bool keeps = node.attributes.integer("keepdims", 1) != 0;
  node.attributes.ignore("noop_with_empty_axes"); // empty axes are refused either way
  llvm::Expected<const Mapped *> x = node.image(0);
  if (!x)
    return x.takeError();
  llvm::Expected<std::vector<int64_t>> axes = node.axes(1, 18, (*x)->dims.size());
  if (!axes)
    return axes.takeError();
  if (*axes != std::vector<int64_t>{2, 3})
    return node.fail("`axes` = " + listText(*axes) + ": Skip takes means over rows and columns, [2, 3]");
  std::vector<int64_t> dims = {(*x)->dims[0], (*x)->dims[1]};
  if (keeps)
    dims.insert(dims.end(), 2, 1);
  return addGlobalPool(node, **x, dims);
}

llvm::ArrayRef<NodeMapperEntry> onnx::layerMappers() {
  static constexpr NodeMapperEntry entries[] = {
      {"Conv", mapConvolution},
      {"BatchNormalization", mapBatchNorm},
      {"Gemm", mapGemm},
      {"MatMul", mapMatMul},
      {"MaxPool", mapMaxPool},
      {"AveragePool", mapAveragePool},
      {"GlobalAveragePool", mapGlobalAveragePool},
      {"ReduceMean", mapReduceMean},
  };
  return entries;
}
