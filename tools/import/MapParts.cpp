// Parts of images by their channels, and images of parts.
#include "tools/import/Constant.h"
#include "tools/import/Layers.h"
#include "tools/import/NodeMapping.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <utility>

using namespace skip;
using namespace skip::onnx;

/// Channels `first` to `first + count` of the image `x`; `x` itself if these are all.
static llvm::Expected<ValueId> takeChannels(NodeMapping &node, ValueId x, int64_t first, int64_t count) {
  const Dims dims = node.net().dimsOf(x);
  if (count == dims[0])
    return x;
  return node.part(
      {"take_channels", {x}, {{"first", first, std::nullopt}, {"count", count, std::nullopt}}, {count, dims[1], dims[2]}, {}});
}

/// A value as an image, [channels, 1, 1] if it is a vector.
static llvm::Expected<ValueId> asImage(NodeMapping &node, ValueId x) {
  const Dims dims = node.net().dimsOf(x);
  if (dims.size() == 3)
    return x;
  return node.part(
      {"unflatten",
       {x},
       {{"channels", dims[0], std::nullopt}, {"height", int64_t(1), std::nullopt}, {"width", int64_t(1), std::nullopt}},
       {dims[0], 1, 1},
       {}});
}

namespace {
/// What a Slice says of one dimension.
struct Range {
  int64_t axis, start, end, step;
};
} // namespace

static llvm::Expected<std::vector<Range>> rangesOf(NodeMapping &node, llvm::ArrayRef<int64_t> dims) {
  auto rank = static_cast<int64_t>(dims.size());
  std::vector<int64_t> starts, ends, axes, steps;
  if (llvm::Error error = node.integers(1, "starts").moveInto(starts))
    return error;
  if (llvm::Error error = node.integers(2, "ends").moveInto(ends))
    return error;
  for (size_t i = 0; i < starts.size(); ++i)
    axes.push_back(static_cast<int64_t>(i));
  steps.assign(starts.size(), 1);
  if (node.has(3))
    if (llvm::Error error = node.integers(3, "axes").moveInto(axes))
      return error;
  if (node.has(4))
    if (llvm::Error error = node.integers(4, "steps").moveInto(steps))
      return error;
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    return node.fail("its inputs differ in length");
  std::vector<Range> ranges;
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t axis = axes[i] + (axes[i] < 0 ? rank : 0);
    if (axis < 0 || axis >= rank)
      return node.fail("axis " + llvm::Twine(axes[i]) + " of " + llvm::Twine(rank) + " dimensions");
    int64_t size = dims[axis];
    auto bound = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + size : at, 0, size); };
    Range range{axis, bound(starts[i]), bound(ends[i]), steps[i]};
    bool isAll = range.start == 0 && range.end == size;
    if (range.start >= range.end || range.step < 1 || range.step > size || (!isAll && range.step > 1) ||
        llvm::any_of(ranges, [&](const Range &other) { return other.axis == axis; }))
      return node.fail("it takes " + llvm::Twine(starts[i]) + " to " + llvm::Twine(ends[i]) + " of " + llvm::Twine(size) +
                       " by steps of " + llvm::Twine(steps[i]) +
                       "; Skip takes every so many rows and columns, from the first to the last, or some of the channels");
    ranges.push_back(range);
  }
  return ranges;
}

/// Every so many rows and columns of an image, from the first, or some of its channels; other slices are nothing, or refused.
static llvm::Error mapSlice(NodeMapping &node) {
  llvm::Expected<const Mapped *> x = node.pendingActivation(0);
  if (!x)
    return x.takeError();
  llvm::Expected<std::vector<Range>> ranges = rangesOf(node, (*x)->dims);
  if (!ranges)
    return ranges.takeError();
  const Pending &before = (*x)->pending;
  bool takes = llvm::any_of(*ranges, [&](const Range &range) { return range.end - range.start < (*x)->dims[range.axis]; });
  bool isPadded = before.top || before.left || before.bottom || before.right || before.channelsBefore || before.channelsAfter;
  if (takes || isPadded)
    if (x = node.activation(0); !x)
      return x.takeError();
  Mapped result = **x;
  bool isImage = result.dims.size() == 4 && node.net().dimsOf(result.value).size() == 3;
  for (const Range &range : *ranges) {
    int64_t size = result.dims[range.axis];
    if (range.end - range.start < size) {
      if (!isImage || range.axis != 1)
        return node.fail("it takes a part of axis " + llvm::Twine(range.axis) + " of " + node.sizes(result.dims) +
                         "; Skip takes some of the channels of an image");
      if (llvm::Error error = takeChannels(node, result.value, range.start, range.end - range.start).moveInto(result.value))
        return error;
      result.dims[1] = range.end - range.start;
    }
    if (range.step == 1)
      continue;
    if (!isImage || range.axis < 2)
      return node.fail("steps along axis " + llvm::Twine(range.axis) +
                       "; Skip takes every so many rows and columns of an image");
    result.pending.node = &node.getNode();
    (range.axis == 2 ? result.pending.rowStep : result.pending.columnStep) *= range.step;
    result.dims[range.axis] = (size + range.step - 1) / range.step;
  }
  result.formula.reset(); // it is no longer what that says of the value
  return node.alias(result);
}

/// How many channels each output has.
static llvm::Expected<std::vector<int64_t>> partsOf(NodeMapping &node, int64_t channels) {
  auto outputs = static_cast<int64_t>(node.getNode().outputs.size());
  if (outputs == 0)
    return node.fail("it makes no parts");
  std::vector<int64_t> sizes = node.attributes.integers("split", {});
  if (node.has(1))
    if (llvm::Error error = node.integers(1, "split").moveInto(sizes))
      return error;
  if (int64_t parts = node.attributes.integer("num_outputs", outputs); parts != outputs)
    return node.fail("`num_outputs` = " + llvm::Twine(parts) + " of " + llvm::Twine(outputs));
  if (sizes.empty()) {
    sizes.assign(node.getNode().outputs.size(), (channels + outputs - 1) / outputs);
    sizes.back() = channels - sizes.front() * (outputs - 1);
  }
  int64_t left = channels;
  for (int64_t size : sizes)
    left = size > 0 && size <= left ? left - size : -1;
  if (left != 0 || sizes.size() != node.getNode().outputs.size())
    return node.fail("it makes parts of " + listText(sizes) + " of " + llvm::Twine(channels) + " channels");
  return sizes;
}

static llvm::Error mapSplit(NodeMapping &node) {
  int64_t axis = node.attributes.integer("axis", 0);
  llvm::Expected<const Mapped *> x = node.activation(0);
  if (!x)
    return x.takeError();
  const std::vector<int64_t> dims = (*x)->dims;
  ValueId whole = (*x)->value;
  if (dims.size() != 4 || (axis != 1 && axis != -3))
    return node.fail("`axis` = " + llvm::Twine(axis) + " of " + node.sizes(dims) + ": Skip splits images by their channels");
  llvm::Expected<std::vector<int64_t>> sizes = partsOf(node, dims[1]);
  if (!sizes)
    return sizes.takeError();
  if (llvm::Error error = asImage(node, whole).moveInto(whole))
    return error;
  int64_t first = 0;
  for (auto [i, size] : llvm::enumerate(*sizes)) {
    if (node.isUsed(i)) {
      Mapped part{.dims = {dims[0], size, dims[2], dims[3]}};
      if (llvm::Error error = takeChannels(node, whole, first, size).moveInto(part.value))
        return error;
      if (llvm::Error error = node.alias(part, i))
        return error;
    }
    first += size;
  }
  return llvm::Error::success();
}

llvm::Expected<ValueId> onnx::pixelOf(NodeMapping &node, ValueId x) {
  Net &net = node.net();
  if (net.isInput(x) || net.calls[net.callOf(x)].operation != "global_avg_pool")
    return asImage(node, x);
  const ValueId image = net.calls[net.callOf(x)].operands[0];
  return node.part({"adaptive_avg_pool", {image}, {{"size", int64_t(1), std::nullopt}}, {net.dimsOf(x)[0], 1, 1}, {}});
}

/// Puts an input behind those that `call` has. The language takes so many at once; more come in several steps.
static llvm::Error append(NodeMapping &node, Call &call, const Mapped &x) {
  constexpr size_t mostInputs = 8;
  llvm::Expected<ValueId> image = pixelOf(node, x.value);
  if (!image)
    return image.takeError();
  if (call.operands.size() == mostInputs) {
    llvm::Expected<ValueId> full = node.part(call);
    if (!full)
      return full.takeError();
    call.operands = {*full};
  }
  const Dims &sizes = node.net().dimsOf(*image);
  call.dims = {sizes[0] + (call.dims.empty() ? 0 : call.dims[0]), sizes[1], sizes[2]};
  call.operands.push_back(*image);
  return llvm::Error::success();
}

/// Images, or vectors, behind each other by their channels. So are images that the graph sees as stacked along a dimension of
/// their own, [N, 2, channels, height, width].
static llvm::Error mapConcat(NodeMapping &node) {
  int64_t axis = node.attributes.integer("axis", 0);
  llvm::Expected<const Mapped *> first = node.view(0);
  if (!first)
    return first.takeError();
  if (node.count() == 1)
    return node.alias(**first);
  std::vector<int64_t> dims = (*first)->dims, result = dims;
  axis += axis < 0 ? static_cast<int64_t>(dims.size()) : 0;
  if (dims.size() < 2 || axis != 1)
    return node.fail("`axis` = " + llvm::Twine(axis) + " of " + node.sizes(dims) +
                     ": Skip concatenates images by their channels");
  Call call{"concat", {}, {}, {}, {}};
  result[1] = 0;
  for (size_t i = 0; i < node.count(); ++i) {
    llvm::Expected<const Mapped *> x = node.view(i);
    if (!x)
      return x.takeError();
    std::vector<int64_t> own = (*x)->dims;
    result[1] += own.size() > 1 ? std::exchange(own[1], dims[1]) : 0;
    if (own != dims)
      return node.fail("its inputs are " + node.sizes(dims) + " and " + node.sizes((*x)->dims) +
                       "; they must be alike but for their channels");
    if (llvm::Error error = append(node, call, **x))
      return error;
  }
  bool isImage = dims.size() >= 4 && dims[dims.size() - 2] == call.dims[1] && dims.back() == call.dims[2];
  if (isImage)
    return node.add(std::move(call), std::move(result));
  int64_t features = call.dims[0] * call.dims[1] * call.dims[2];
  llvm::Expected<ValueId> image = node.part(std::move(call));
  return image ? node.add({"flatten", {*image}, {}, {features}, {}}, std::move(result)) : image.takeError();
}

/// Images that are stacked along a dimension of their own: their sum.
static llvm::Error mapReduceSum(NodeMapping &node) {
  constexpr int64_t mostSummands = 16;
  bool keeps = node.attributes.integer("keepdims", 1) != 0;
  node.attributes.ignore("noop_with_empty_axes"); // empty axes are refused either way
  llvm::Expected<const Mapped *> x = node.view(0);
  if (!x)
    return x.takeError();
  std::vector<int64_t> dims = (*x)->dims;
  ValueId whole = (*x)->value;
  llvm::Expected<std::vector<int64_t>> axes = node.axes(1, 13, dims.size());
  if (!axes)
    return axes.takeError();
  const Dims own = node.net().dimsOf(whole);
  bool isStack = *axes == std::vector<int64_t>{1} && dims.size() == 5 && own.size() == 3 && dims[3] == own[1] &&
                 dims[4] == own[2] && dims[1] <= mostSummands;
  if (!isStack)
    return node.fail("`axes` = " + listText(*axes) + " of " + node.sizes(dims) +
                     ": Skip adds up images that are stacked along an axis of their own, 1");
  int64_t channels = dims[2];
  std::optional<ValueId> sum;
  for (int64_t i = 0; i < dims[1]; ++i) {
    llvm::Expected<ValueId> part = takeChannels(node, whole, i * channels, channels);
    if (!part)
      return part.takeError();
    llvm::Expected<ValueId> next =
        sum ? node.part({"add", {*sum, *part}, {}, {channels, own[1], own[2]}, {}}) : llvm::Expected<ValueId>(*part);
    if (!next)
      return next.takeError();
    sum = *next;
  }
  dims[1] = 1;
  if (!keeps)
    dims.erase(dims.begin() + 1);
  return node.alias({.dims = dims, .value = *sum});
}

/// Of two numbers each: exp(a) / (exp(a) + exp(b)) is sigmoid(a - b).
static llvm::Expected<ValueId> softmaxOfTwo(NodeMapping &node, ValueId x) {
  int64_t half = node.net().dimsOf(x)[0] / 2;
  llvm::Expected<ValueId> image = asImage(node, x);
  llvm::Expected<ValueId> a = image ? takeChannels(node, *image, 0, half) : image.takeError();
  llvm::Expected<ValueId> b = a ? takeChannels(node, *image, half, half) : a.takeError();
  llvm::Expected<ValueId> negated = b ? node.line(*b, {{-1}, {0}}) : b.takeError();
  llvm::Expected<ValueId> difference = negated ? node.part({"add", {*a, *negated}, {}, {half, 1, 1}, {}}) : negated.takeError();
  llvm::Expected<ValueId> opposite = difference ? node.line(*difference, {{-1}, {0}}) : difference.takeError();
  llvm::Expected<ValueId> both =
      opposite ? node.part({"concat", {*difference, *opposite}, {}, {2 * half, 1, 1}, {}}) : opposite.takeError();
  llvm::Expected<ValueId> flat = both ? node.part({"flatten", {*both}, {}, {2 * half}, {}}) : both.takeError();
  return flat ? node.part({"sigmoid", {*flat}, {}, {2 * half}, {}}) : flat.takeError();
}

/// Of vectors; and of two numbers for each channel, as attention between two ways asks for.
static llvm::Error mapSoftmax(NodeMapping &node) {
  int64_t axis = node.attributes.integer("axis", node.model().opset < 13 ? 1 : -1);
  llvm::Expected<const Mapped *> x = node.view(0);
  if (!x)
    return x.takeError();
  const std::vector<int64_t> dims = (*x)->dims;
  ValueId value = (*x)->value;
  Dims own = node.net().dimsOf(value);
  axis += axis < 0 ? static_cast<int64_t>(dims.size()) : 0;
  bool isAxis = axis >= 1 && axis < static_cast<int64_t>(dims.size()), isAlone = node.model().opset >= 13;
  // Before, all axes behind it count too.
  llvm::ArrayRef<int64_t> among = isAxis ? llvm::ArrayRef(dims).drop_front(axis) : llvm::ArrayRef<int64_t>();
  if (isAxis && own.size() == 3 && countElements(isAlone ? among.take_front() : among) == countElements(own)) {
    own = {*countElements(own)};
    if (llvm::Error error = node.part({"flatten", {value}, {}, own, {}}).moveInto(value))
      return error;
  }
  isAxis = isAxis && own.size() == 1;
  bool isWhole = isAxis && countElements(isAlone ? among.take_front() : among) == own[0];
  bool isOfTwo = isAxis && isAlone && dims[axis] == 2 &&
                 llvm::all_of(llvm::ArrayRef(dims).slice(1, axis - 1), [](int64_t dim) { return dim == 1; });
  if (!isWhole && !isOfTwo)
    return node.fail("`axis` = " + llvm::Twine(axis) + " of " + node.sizes(dims) +
                     ": Skip has the softmax of vectors, and of two numbers for each channel");
  if (isWhole)
    return node.add({"softmax", {value}, {}, own, {}}, dims);
  llvm::Expected<ValueId> result = softmaxOfTwo(node, value);
  return result ? node.alias({.dims = dims, .value = *result}) : result.takeError();
}

/// The image of one channel whose pixels a value is the softmax of, under the sizes [pixels]; nothing where it is none.
static std::optional<ValueId> logitsOf(const NodeMapping &node, ValueId weights) {
  const Net &net = node.net();
  if (net.isInput(weights) || net.calls[net.callOf(weights)].operation != "softmax")
    return std::nullopt;
  ValueId flat = net.calls[net.callOf(weights)].operands[0], image = node.imageOf(flat);
  return image != flat && net.dimsOf(image)[0] == 1 ? std::optional(image) : std::nullopt;
}

/// The mean of an image by the softmax over its pixels: [N, channels, pixels] times [N, pixels, 1], with any ones between.
llvm::Error onnx::mapAttention(NodeMapping &node) {
  llvm::Expected<const Mapped *> x = node.view(0), weights = x ? node.view(1) : x.takeError();
  if (!weights)
    return weights.takeError();
  const std::vector<int64_t> dims = (*x)->dims, ofWeights = (*weights)->dims;
  ValueId image = node.imageOf((*x)->value);
  const Dims own = node.net().dimsOf(image);
  std::optional<ValueId> logits = logitsOf(node, (*weights)->value);
  auto areOnes = [](llvm::ArrayRef<int64_t> between) { return llvm::all_of(between, [](int64_t dim) { return dim == 1; }); };
  size_t rank = dims.size();
  bool isMean = logits && own.size() == 3 && rank >= 3 && ofWeights.size() == rank &&
                llvm::ArrayRef<int64_t>(node.net().dimsOf(*logits)).drop_front() == llvm::ArrayRef<int64_t>(own).drop_front() &&
                dims[rank - 2] == own[0] && dims[rank - 1] == own[1] * own[2] && ofWeights[rank - 2] == dims[rank - 1] &&
                ofWeights[rank - 1] == 1 && areOnes(llvm::ArrayRef(dims).slice(1, rank - 3)) &&
                areOnes(llvm::ArrayRef(ofWeights).slice(1, rank - 3));
  if (!isMean)
    return node.fail("its inputs are " + node.sizes(dims) + " and " + node.sizes(ofWeights) +
                     "; of two values Skip has the mean of an image by the softmax over its pixels");
  std::vector<int64_t> result = dims;
  result.back() = 1;
  return node.add({"attention_pool", {image, *logits}, {}, {own[0]}, {}}, std::move(result));
}

llvm::ArrayRef<NodeMapperEntry> onnx::partMappers() {
  static constexpr NodeMapperEntry entries[] = {
      {"Slice", mapSlice}, {"Split", mapSplit}, {"Concat", mapConcat}, {"ReduceSum", mapReduceSum}, {"Softmax", mapSoftmax},
  };
  return entries;
}
