// Pools, and what makes images larger.
#include "tools/import/NodeMapping.h"
#include "tools/import/Constant.h"
#include "tools/import/Parameters.h"
#include "tools/import/Windows.h"

#include "support/Printable.h"

#include "llvm/ADT/StringExtras.h"

using namespace skip;
using namespace skip::onnx;

static llvm::Error checkPool(const NodeMapping &node, const Window &window) {
  const auto &[h, w, ceil] = window;
  if (h.dilation != 1 || w.dilation != 1)
    return node.fail("`dilations` = " + listText({h.dilation, w.dilation}) + ": Skip's pools have none but 1");
  if (std::max(h.before, h.after) > h.kernel / 2 || std::max(w.before, w.after) > w.kernel / 2)
    return node.fail("`pads` = " + listText({h.before, w.before, h.after, w.after}) + ", more than half of the window of " +
                     listText({h.kernel, w.kernel}));
  return checkExtents(node, window);
}

/// Rounding up says nothing where it changes no size.
static void dropCeil(Window &window, llvm::ArrayRef<int64_t> dims) {
  Window floor = window;
  floor.ceil = false;
  if (floor.outputSize(window.height, dims[2]) == window.outputSize(window.height, dims[2]) &&
      floor.outputSize(window.width, dims[3]) == window.outputSize(window.width, dims[3]))
    window = floor;
}

namespace {
/// A pool's window in an image, and the sizes of its result.
struct Pooled {
  const Mapped *x;
  Window window;
  std::vector<int64_t> dims;
};
} // namespace

static bool isPadded(const Window &window) {
  const auto &[h, w, ceil] = window;
  return h.before + h.after + w.before + w.after > 0;
}

/// One window, of the whole image.
static bool isWhole(const Window &window, const Mapped &x) {
  const auto &[h, w, ceil] = window;
  return !isPadded(window) && h.dilation == 1 && w.dilation == 1 && h.kernel == x.dims[2] && w.kernel == x.dims[3];
}

/// The image that a pool reads, and how.
static llvm::Expected<Pooled> readPool(NodeMapping &node) {
  llvm::Expected<const Mapped *> x = node.image(0);
  if (!x)
    return x.takeError();
  const std::vector<int64_t> &dims = (*x)->dims;
  std::string problem;
  Window window = readWindow(node.attributes, dims[2], dims[3], {}, problem);
  if (!problem.empty())
    return node.fail(problem);
  dropCeil(window, dims);
  std::optional<int64_t> height = window.outputSize(window.height, dims[2]), width = window.outputSize(window.width, dims[3]);
  if (!height || !width)
    return node.fail("its window is larger than the image");
  return Pooled{*x, window, {dims[0], dims[1], *height, *width}};
}

/// The largest of each channel; without `keeps`, as a vector.
static llvm::Error addGlobalMax(NodeMapping &node, const Mapped &x, bool keeps) {
  std::vector<int64_t> dims = {x.dims[0], x.dims[1], 1, 1};
  Call call{"adaptive_max_pool", {x.value}, {{"size", int64_t(1), std::nullopt}}, {dims[1], 1, 1}, {}};
  if (keeps)
    return node.add(std::move(call), dims);
  Net &net = node.net();
  net.calls.push_back(std::move(call));
  return node.add({"flatten", {net.resultOf(net.calls.size() - 1)}, {}, {dims[1]}, {}}, {dims[0], dims[1]});
}

static llvm::Error mapMaxPool(NodeMapping &node) {
  node.attributes.ignore("storage_order"); // of a second output
  llvm::Expected<Pooled> pooled = readPool(node);
  if (!pooled)
    return pooled.takeError();
  if (isWhole(pooled->window, *pooled->x))
    return addGlobalMax(node, *pooled->x, true);
  if (llvm::Error error = checkPool(node, pooled->window))
    return error;
  const auto &[x, window, dims] = *pooled;
  const auto &[h, w, ceil] = window;
  Call call{"max_pool",
            {x->value},
            {{"kernel", pairValue(h.kernel, w.kernel), std::nullopt},
             {"stride", pairValue(h.stride, w.stride), std::nullopt},
             {"pad", padsOf(window), samePads(window)},
             {"ceil_mode", ceil, false}},
            {dims[1], dims[2], dims[3]},
            {}};
  return node.add(std::move(call), dims);
}

/// An image of one pixel that is a vector here.
static bool isPixel(const NodeMapping &node, const Mapped &x) {
  return x.dims.size() == 4 && x.dims[2] == 1 && x.dims[3] == 1 && node.net().dimsOf(x.value).size() == 1;
}

/// The mean of each channel, under the sizes that the graph gives it.
static llvm::Error addGlobalPool(NodeMapping &node, const Mapped &x, std::vector<int64_t> dims) {
  return node.add({"global_avg_pool", {x.value}, {}, {x.dims[1]}, {}}, std::move(dims));
}

static llvm::Error mapAveragePool(NodeMapping &node) {
  bool countsPadding = node.attributes.integer("count_include_pad", 0) != 0;
  llvm::Expected<Pooled> pooled = readPool(node);
  if (!pooled)
    return pooled.takeError();
  const auto &[x, window, dims] = *pooled;
  const auto &[h, w, ceil] = window;
  if (llvm::Error error = checkPool(node, window))
    return error;
  if (isWhole(window, *x))
    return addGlobalPool(node, *x, dims);
  if (h.kernel == 1 && w.kernel == 1 && h.stride == 1 && w.stride == 1)
    return node.alias(*x);
  Call call{"avg_pool",
            {x->value},
            {{"kernel", pairValue(h.kernel, w.kernel), std::nullopt},
             {"stride", pairValue(h.stride, w.stride), pairValue(h.kernel, w.kernel)},
             {"pad", padsOf(window), samePads(window)},
             {"ceil_mode", ceil, false},
             {"count_include_pad", countsPadding || !isPadded(window), true}},
            {dims[1], dims[2], dims[3]},
            {}};
  return node.add(std::move(call), dims);
}

static llvm::Error mapGlobalAveragePool(NodeMapping &node) {
  llvm::Expected<const Mapped *> x = node.view(0);
  if (!x)
    return x.takeError();
  if (isPixel(node, **x)) // its own mean
    return node.alias(**x);
  x = node.image(0);
  if (!x)
    return x.takeError();
  return addGlobalPool(node, **x, {(*x)->dims[0], (*x)->dims[1], 1, 1});
}

static llvm::Error mapGlobalMaxPool(NodeMapping &node) {
  llvm::Expected<const Mapped *> x = node.image(0);
  return x ? addGlobalMax(node, **x, true) : x.takeError();
}

/// Over rows and columns.
static llvm::Error mapReduction(NodeMapping &node, bool mean) {
  bool keeps = node.attributes.integer("keepdims", 1) != 0;
  node.attributes.ignore("noop_with_empty_axes"); // empty axes are refused either way
  llvm::Expected<const Mapped *> x = node.view(0);
  if (!x)
    return x.takeError();
  bool isOne = isPixel(node, **x);
  if (!isOne)
    x = node.image(0);
  if (!x)
    return x.takeError();
  llvm::Expected<std::vector<int64_t>> axes = node.axes(1, 18, (*x)->dims.size());
  if (!axes)
    return axes.takeError();
  if (*axes != std::vector<int64_t>{2, 3})
    return node.fail("`axes` = " + listText(*axes) + ": Skip reduces rows and columns, [2, 3]");
  if (isOne) { // of one pixel both are itself
    Mapped same = **x;
    if (!keeps)
      same.dims.resize(2);
    return node.alias(same);
  }
  if (!mean)
    return addGlobalMax(node, **x, keeps);
  std::vector<int64_t> dims = {(*x)->dims[0], (*x)->dims[1]};
  if (keeps)
    dims.insert(dims.end(), 2, 1);
  return addGlobalPool(node, **x, dims);
}

static llvm::Error mapReduceMean(NodeMapping &node) { return mapReduction(node, true); }
static llvm::Error mapReduceMax(NodeMapping &node) { return mapReduction(node, false); }

/// How many times as high and wide the result is; both must be the same whole number.
static llvm::Expected<int64_t> factorOf(NodeMapping &node, llvm::ArrayRef<int64_t> dims) {
  bool hasScales = node.has(2) && node.isConstant(2) && countElements((*node.constant(2, "scales"))->dims) > 0;
  llvm::Expected<const Constant *> constant = hasScales ? node.constant(2, "scales") : node.constant(3, "sizes");
  if (!constant)
    return constant.takeError();
  std::vector<double> values = elementsOf(**constant);
  if (values.size() != 4)
    return node.fail("it has " + llvm::Twine(values.size()) + " sizes for the four dimensions of images");
  for (size_t d = 0; d < 4; ++d)
    values[d] /= hasScales ? 1 : static_cast<double>(dims[d]);
  int64_t factor = wholeOf(values[2]);
  constexpr int64_t mostFactor = 64; // of the language
  if (values[0] != 1 || values[1] != 1 || values[2] != values[3] || static_cast<double>(factor) != values[2] || factor < 1 ||
      factor > mostFactor)
    return node.fail("it makes an image " + valueText(values[2]) + " times as high and " + valueText(values[3]) +
                     " times as wide; Skip has one whole number, up to " + llvm::Twine(mostFactor) + ", for both");
  return factor;
}

/// Of the format's many rules for where a pixel comes from, those that are Skip's for whole factors: the pixel below which it
/// lies, or the weighted mean of those around it, both by the middles of pixels.
static llvm::Error mapResize(NodeMapping &node) {
  std::string mode = node.attributes.text("mode", "nearest"),
              rounding = node.attributes.text("nearest_mode", "round_prefer_floor"),
              places = node.attributes.text("coordinate_transformation_mode", "half_pixel");
  for (llvm::StringRef name : {"cubic_coeff_a", "extrapolation_value"}) // of other modes
    node.attributes.ignore(name);
  bool isOdd = node.attributes.integer("antialias", 0) != 0 || node.attributes.integer("exclude_outside", 0) != 0 ||
               node.attributes.has("axes") || node.attributes.text("keep_aspect_ratio_policy", "stretch") != "stretch";
  llvm::Expected<const Mapped *> x = node.image(0);
  if (!x)
    return x.takeError();
  bool fromMiddles = places == "half_pixel" || places == "pytorch_half_pixel";
  bool isNearest =
      mode == "nearest" && ((places == "asymmetric" && rounding == "floor") ||
                            (fromMiddles && (rounding == "round_prefer_floor" || rounding == "round_prefer_ceil")));
  bool isBilinear = mode == "linear" && fromMiddles;
  if (isOdd || !(isNearest || isBilinear))
    return node.fail("`mode` = " + printable(mode) + ", `coordinate_transformation_mode` = " + printable(places) +
                     (mode == "nearest" ? ", `nearest_mode` = " + printable(rounding) : std::string()) +
                     ": Skip has PyTorch's nearest and bilinear without align_corners and antialias");
  const std::vector<int64_t> dims = (*x)->dims;
  llvm::Expected<int64_t> factor = factorOf(node, dims);
  if (!factor)
    return factor.takeError();
  if (*factor == 1)
    return node.alias(**x);
  std::vector<int64_t> larger = {dims[0], dims[1], dims[2] * *factor, dims[3] * *factor};
  Word way{isNearest ? llvm::StringLiteral("nearest") : llvm::StringLiteral("bilinear")};
  return node.add({"upsample",
                   {(*x)->value},
                   {{"factor", *factor, std::nullopt}, {"mode", way, Word{"nearest"}}},
                   {larger[1], larger[2], larger[3]},
                   {}},
                  larger);
}

llvm::ArrayRef<NodeMapperEntry> onnx::poolMappers() {
  static constexpr NodeMapperEntry entries[] = {
      {"MaxPool", mapMaxPool},
      {"AveragePool", mapAveragePool},
      {"GlobalAveragePool", mapGlobalAveragePool},
      {"GlobalMaxPool", mapGlobalMaxPool},
      {"ReduceMean", mapReduceMean},
      {"ReduceMax", mapReduceMax},
      {"Resize", mapResize},
  };
  return entries;
}
