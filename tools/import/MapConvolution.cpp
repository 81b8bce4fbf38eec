// Convolutions of images; of one pixel, which are products; and of vectors along their channels, which are convolutions of an
// image of one row: [N, 1, channels] is 1 x channels pixels.
#include "tools/import/Constant.h"
#include "tools/import/Identifier.h"
#include "tools/import/Layers.h"
#include "tools/import/Windows.h"

#include "frontend/Limits.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace skip;
using namespace skip::onnx;

namespace {
struct Convolution {
  const Mapped *x = nullptr;
  const Constant *weight = nullptr, *bias = nullptr;
  int64_t groups = 1, rows = 0, columns = 0; ///< of the image without the zeros that the window takes
  Window window;
};
} // namespace

/// A 1x1 convolution of a pooled image is a product.
static bool isProduct(const Convolution &conv) {
  auto isOne = [](const Extent &extent) { return extent.kernel == 1 && extent.before + extent.after == 0; };
  return isOne(conv.window.height) && isOne(conv.window.width) && conv.weight->dims[1] == conv.x->dims[1];
}

static llvm::Error mapProduct(NodeMapping &node, const Convolution &conv) {
  Constant matrix = *conv.weight;
  matrix.dims.resize(2);
  return addLinear(node, *conv.x, matrix, false, conv.bias, {conv.x->dims[0], matrix.dims[0], 1, 1});
}

static llvm::Error checkWork(const NodeMapping &node, llvm::ArrayRef<int64_t> filter, int64_t height, int64_t width) {
  std::vector<int64_t> all = {height, width};
  all.insert(all.end(), filter.begin(), filter.end());
  std::optional<int64_t> multiplyAdds = countElements(all);
  return multiplyAdds && *multiplyAdds < frontend::Limits().multiplyAdds
             ? llvm::Error::success()
             : node.fail("it takes more multiply-adds than Skip accepts");
}

static llvm::Error readConstants(const NodeMapping &node, Convolution &conv) {
  if (llvm::Error error = node.constant(1, "weight").moveInto(conv.weight))
    return error;
  if (node.has(2))
    if (llvm::Error error = node.constant(2, "bias").moveInto(conv.bias))
      return error;
  if (llvm::is_contained(conv.weight->dims, 0))
    return node.fail("its weight is empty");
  return llvm::Error::success();
}

static llvm::Error failSizes(const NodeMapping &node, const Convolution &conv) {
  return node.fail("its input is " + node.sizes(conv.x->dims) + " and its weight " + listText(conv.weight->dims) +
                   "; convolutions of images are imported");
}

/// Steps and zero channels that are pending are written down; zeros around the image the convolution itself adds.
static llvm::Error readWindow(NodeMapping &node, Convolution &conv) {
  Pending pads = conv.x->pending;
  bool takesPads = pads.node && !pads.channelsBefore && !pads.channelsAfter && pads.rowStep == 1 && pads.columnStep == 1;
  if (!takesPads) {
    pads = {};
    if (llvm::Error error = node.activation(0).moveInto(conv.x))
      return error;
  }
  const std::vector<int64_t> &dims = conv.x->dims;
  std::string problem;
  conv.window = onnx::readWindow(node.attributes, dims[2], dims[3], llvm::ArrayRef(conv.weight->dims).drop_front(2), problem);
  conv.window.height.before += pads.top, conv.window.height.after += pads.bottom;
  conv.window.width.before += pads.left, conv.window.width.after += pads.right;
  conv.rows = dims[2] - pads.top - pads.bottom, conv.columns = dims[3] - pads.left - pads.right;
  return problem.empty() ? llvm::Error::success() : node.fail(problem);
}

static llvm::Error checkFilter(const NodeMapping &node, const Convolution &conv) {
  const Dims &filter = conv.weight->dims;
  int64_t channels = filter[0], inputs = conv.x->dims[1];
  if (conv.groups < 1 || channels % conv.groups != 0)
    return node.fail("`group` = " + llvm::Twine(conv.groups) + " of " + llvm::Twine(channels) + " channels");
  if (inputs % conv.groups != 0 || filter[1] != inputs / conv.groups || filter[2] != conv.window.height.kernel ||
      filter[3] != conv.window.width.kernel)
    return node.fail("its weight " + listText(filter) + " does not fit its input " + node.sizes(conv.x->dims));
  return conv.bias ? checkBias(node, *conv.bias, channels) : llvm::Error::success();
}

/// PyTorch's newer exporter makes up names such as `view_5` for filters that it has computed of parameters, as standardised
/// ones are; a checkpoint with these must not fit. What it has not computed keeps its name, which says the module. (The older
/// one's `onnx::Conv_193` has a norm in it, which the bias tells from the parameter.)
static std::string pathOf(const NodeMapping &node, const Constant &filter) {
  std::string path = node.pathOf(filter);
  bool isMadeUp = isIdentifier(filter.name) && !llvm::StringRef(filter.name).ends_with("_weight");
  return path.empty() || !isMadeUp ? path : path + ".computed";
}

static Call callOf(const NodeMapping &node, const Convolution &conv, Dims dims) {
  const auto &[height, width, ceil] = conv.window;
  int64_t channels = conv.weight->dims[0];
  Call call{"conv",
            {conv.x->value},
            {{"channels", channels, std::nullopt},
             {"kernel", pairValue(height.kernel, width.kernel), std::nullopt},
             {"stride", pairValue(height.stride, width.stride), int64_t(1)},
             {"pad", padsOf(conv.window), samePads(conv.window)},
             {"bias", conv.bias != nullptr, false},
             {"groups", conv.groups, int64_t(1)},
             {"dilation", pairValue(height.dilation, width.dilation), int64_t(1)}},
            std::move(dims),
            {}};
  call.parameters.push_back({"weight", *conv.weight, conv.weight->dims});
  if (conv.bias)
    call.parameters.push_back({"bias", *conv.bias, {channels}});
  call.path = pathOf(node, *conv.weight);
  return call;
}

static llvm::Error mapOfImage(NodeMapping &node, Convolution &conv) {
  if (conv.x->dims.size() != 4 || conv.weight->dims.size() != 4 || !isReal(conv.weight->type))
    return failSizes(node, conv);
  if (llvm::Error error = readWindow(node, conv))
    return error;
  conv.groups = node.attributes.integer("group", 1);
  if (llvm::Error error = checkFilter(node, conv))
    return error;
  Mapped pixel = *conv.x;
  if (node.net().dimsOf(conv.x->value).size() == 1) {
    if (isProduct(conv))
      return mapProduct(node, conv);
    if (llvm::Error error = pixelOf(node, conv.x->value).moveInto(pixel.value))
      return error;
    conv.x = &pixel;
  }
  for (Extent *extent : {&conv.window.height, &conv.window.width})
    extent->dilation = extent->kernel == 1 ? 1 : extent->dilation;
  if (llvm::Error error = checkExtents(node, conv.window))
    return error;
  std::optional<int64_t> height = conv.window.outputSize(conv.window.height, conv.rows),
                         width = conv.window.outputSize(conv.window.width, conv.columns);
  if (!height || !width)
    return node.fail("its filter is larger than the image");
  if (llvm::Error error = checkWork(node, conv.weight->dims, *height, *width))
    return error;
  int64_t channels = conv.weight->dims[0];
  return node.add(callOf(node, conv, {channels, *height, *width}), {conv.x->dims[0], channels, *height, *width});
}

/// [N, 1, channels], by one filter: efficient channel attention.
static llvm::Error mapAlongChannels(NodeMapping &node, Convolution &conv) {
  llvm::Expected<const Mapped *> x = node.view(0);
  if (!x)
    return x.takeError();
  const std::vector<int64_t> dims = (*x)->dims;
  const Dims own = node.net().dimsOf((*x)->value), filter = conv.weight->dims;
  if (own.size() != 1 || dims[1] != 1 || filter.size() != 3 || filter[0] != 1 || filter[1] != 1 || !isReal(conv.weight->type))
    return failSizes(node, conv);
  conv.groups = node.attributes.integer("group", 1);
  std::string problem;
  conv.window.width = readExtent(node.attributes, own[0], filter[2], problem);
  if (!problem.empty() || conv.groups != 1 || conv.window.width.kernel != filter[2])
    return node.fail(problem.empty() ? "its weight " + listText(filter) + " does not fit its input" : problem);
  if (llvm::Error error = conv.bias ? checkBias(node, *conv.bias, 1) : llvm::Error::success())
    return error;
  if (llvm::Error error = checkExtents(node, conv.window))
    return error;
  std::optional<int64_t> width = conv.window.outputSize(conv.window.width, own[0]);
  if (!width)
    return node.fail("its filter is longer than the vector");
  llvm::Expected<ValueId> row = node.part(
      {"unflatten",
       {(*x)->value},
       {{"channels", int64_t(1), std::nullopt}, {"height", int64_t(1), std::nullopt}, {"width", own[0], std::nullopt}},
       {1, 1, own[0]},
       {}});
  if (!row)
    return row.takeError();
  Mapped image{.dims = {dims[0], 1, 1, own[0]}, .value = *row};
  Constant taps = *conv.weight;
  taps.dims = {1, 1, 1, filter[2]};
  Convolution ofRow = conv;
  ofRow.x = &image, ofRow.weight = &taps;
  llvm::Expected<ValueId> result = node.part(callOf(node, ofRow, {1, 1, *width}));
  return result ? node.add({"flatten", {*result}, {}, {*width}, {}}, {dims[0], 1, *width}) : result.takeError();
}

llvm::Error onnx::mapConvolution(NodeMapping &node) {
  Convolution conv;
  if (llvm::Error error = node.pendingActivation(0).moveInto(conv.x))
    return error;
  if (llvm::Error error = readConstants(node, conv))
    return error;
  return conv.x->dims.size() == 3 ? mapAlongChannels(node, conv) : mapOfImage(node, conv);
}
