// Operations that only change sizes: most are nothing in Skip, where a vector is a vector and the batch is never spoken of.
#include "tools/import/NodeMapping.h"
#include "tools/import/Constant.h"
#include "tools/import/Windows.h"

#include "support/Printable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace skip;
using namespace skip::onnx;

/// x under the sizes `dims`, if these keep the batch, and of an image the rows and columns; else the image is flattened first.
/// What was flattened is the image again where its rows and columns come back.
static llvm::Error reshape(NodeMapping &node, std::vector<int64_t> dims) {
  llvm::Expected<const Mapped *> x = node.view(0);
  if (!x)
    return x.takeError();
  if (countElements(dims) != countElements((*x)->dims))
    return node.fail("it makes " + listText(dims) + " of " + node.sizes((*x)->dims) + ", which has another number of elements");
  if (dims == (*x)->dims)
    return node.alias(**x);
  const ValueId image = node.imageOf((*x)->value);
  const Dims own = node.net().dimsOf(image);
  if (dims.size() < 2 || dims[0] != node.batch())
    return node.fail("it makes " + listText(dims) + " of " + node.sizes((*x)->dims) +
                     "; Skip keeps the images of a batch apart");
  Mapped result{.dims = std::move(dims), .value = (*x)->value};
  bool keepsImage = result.dims.size() >= 4 && own.size() == 3 && result.dims[result.dims.size() - 2] == own[1] &&
                    result.dims.back() == own[2];
  if (keepsImage)
    result.value = image;
  if (node.net().dimsOf(result.value).size() == 1 || keepsImage)
    return node.alias(result);
  return node.add({"flatten", {result.value}, {}, {own[0] * own[1] * own[2]}, {}}, std::move(result.dims));
}

static llvm::Error mapReshape(NodeMapping &node) {
  bool keepsZeros = node.attributes.integer("allowzero", 0) != 0;
  llvm::Expected<const Mapped *> x = node.view(0);
  if (!x)
    return x.takeError();
  llvm::Expected<std::vector<int64_t>> dims = node.integers(1, "shape");
  if (!dims)
    return dims.takeError();
  std::vector<int64_t> known;
  for (size_t d = 0; d < dims->size(); ++d) {
    int64_t &dim = (*dims)[d];
    if (dim == 0 && !keepsZeros && d < (*x)->dims.size())
      dim = (*x)->dims[d];
    if (dim != -1)
      known.push_back(dim);
  }
  std::optional<int64_t> count = countElements(known), all = countElements((*x)->dims);
  if (!count || *count < 1 || known.size() + 1 < dims->size())
    return node.fail("its sizes are " + listText(*dims));
  for (int64_t &dim : *dims)
    if (dim == -1)
      dim = *all / *count;
  return reshape(node, std::move(*dims));
}

static llvm::Error mapFlatten(NodeMapping &node) {
  int64_t axis = node.attributes.integer("axis", 1);
  llvm::Expected<const Mapped *> x = node.view(0);
  if (!x)
    return x.takeError();
  if (axis != 1)
    return node.fail("`axis` = " + llvm::Twine(axis) + ": Skip flattens all behind the batch, 1");
  std::optional<int64_t> features = countElements(llvm::ArrayRef((*x)->dims).drop_front());
  return reshape(node, {(*x)->dims[0], *features});
}

static llvm::Error mapSqueeze(NodeMapping &node) {
  llvm::Expected<const Mapped *> x = node.view(0);
  if (!x)
    return x.takeError();
  std::vector<int64_t> dims = (*x)->dims, kept;
  llvm::Expected<std::vector<int64_t>> axes = node.axes(1, 13, dims.size());
  if (!axes)
    return axes.takeError();
  for (size_t d = 0; d < dims.size(); ++d) {
    bool named = llvm::is_contained(*axes, static_cast<int64_t>(d));
    if (named && dims[d] != 1)
      return node.fail("it drops a dimension of size " + llvm::Twine(dims[d]));
    if (!(named || (axes->empty() && dims[d] == 1)))
      kept.push_back(dims[d]);
  }
  return reshape(node, std::move(kept));
}

static llvm::Error mapUnsqueeze(NodeMapping &node) {
  llvm::Expected<const Mapped *> x = node.view(0);
  if (!x)
    return x.takeError();
  std::vector<int64_t> dims = (*x)->dims;
  constexpr size_t mostAdded = 4;
  for (size_t added = 0; added <= mostAdded; ++added) { // the axes are those of the result
    llvm::Expected<std::vector<int64_t>> axes = node.axes(1, 13, dims.size() + added);
    if (!axes) {
      llvm::consumeError(axes.takeError());
      continue;
    }
    if (axes->size() != added)
      continue;
    for (int64_t axis : *axes)
      dims.insert(dims.begin() + std::min<int64_t>(axis, static_cast<int64_t>(dims.size())), 1);
    return reshape(node, std::move(dims));
  }
  return node.fail("its axes are not among the result's dimensions");
}

namespace {
/// Squares of an image's pixels as channels: [N, channels, rows, square rows, columns, square columns] in another order, from
/// which the rows and columns come last.
struct Squares {
  int64_t channels, rows, height, columns, width;
  bool ofChannels; ///< the squares' pixels stand within each channel; else the channels within each of these

  int64_t pixels() const { return height * width; }
  int64_t outputs() const { return channels * pixels(); }
  /// The output that has that channel at that pixel of a square.
  int64_t output(int64_t channel, int64_t pixel) const {
    return ofChannels ? channel * pixels() + pixel : pixel * channels + channel;
  }
};
} // namespace

/// Nothing where the transposition is of another kind. The image is read in the order of its elements.
static std::optional<Squares> squaresOf(llvm::ArrayRef<int64_t> dims, llvm::ArrayRef<int64_t> order,
                                        llvm::ArrayRef<int64_t> image) {
  constexpr int64_t squaresFirst[] = {0, 3, 5, 1, 2, 4}, channelsFirst[] = {0, 1, 3, 5, 2, 4};
  if (order != llvm::ArrayRef(squaresFirst) && order != llvm::ArrayRef(channelsFirst))
    return std::nullopt;
  Squares squares{dims[1], dims[2], dims[3], dims[4], dims[5], order == llvm::ArrayRef(channelsFirst)};
  bool isOfImage = image.size() == 3 && image[0] == squares.channels && image[1] == squares.rows * squares.height &&
                   image[2] == squares.columns * squares.width;
  return isOfImage ? std::optional(squares) : std::nullopt;
}

/// A convolution that takes one pixel for each output.
static llvm::Error addSquares(NodeMapping &node, ValueId image, const Squares &squares, std::vector<int64_t> dims) {
  constexpr int64_t mostWeights = 1 << 20, mostPixels = 1 << 20;
  std::optional<int64_t> weights = countElements({squares.outputs(), squares.channels, squares.pixels()});
  if (!weights || *weights > mostWeights || squares.rows * squares.columns > mostPixels)
    return node.fail("it makes " + llvm::Twine(squares.outputs()) + " channels of the pixels of " + node.sizes(dims) +
                     ", more than Skip imports");
  if (llvm::Error error = node.charge(*weights))
    return error;
  std::vector<double> ones(static_cast<size_t>(*weights));
  for (int64_t channel = 0; channel < squares.channels; ++channel)
    for (int64_t pixel = 0; pixel < squares.pixels(); ++pixel)
      ones[(squares.output(channel, pixel) * squares.channels + channel) * squares.pixels() + pixel] = 1;
  Dims filter = {squares.outputs(), squares.channels, squares.height, squares.width};
  Call call{"conv",
            {image},
            {{"channels", squares.outputs(), std::nullopt},
             {"kernel", pairValue(squares.height, squares.width), std::nullopt},
             {"stride", pairValue(squares.height, squares.width), int64_t(1)},
             {"pad", int64_t(0), pairValue((squares.height - 1) / 2, (squares.width - 1) / 2)},
             {"bias", false, false},
             {"groups", int64_t(1), int64_t(1)},
             {"dilation", int64_t(1), int64_t(1)}},
            {squares.outputs(), squares.rows, squares.columns},
            {}};
  call.parameters.push_back({"weight", makeConstant("", ElementType::Double, filter, ones), filter});
  return node.add(std::move(call), std::move(dims));
}

static llvm::Error mapTranspose(NodeMapping &node) {
  llvm::Expected<const Mapped *> x = node.view(0);
  if (!x)
    return x.takeError();
  std::vector<int64_t> order = node.attributes.integers("perm", {});
  std::vector<int64_t> moved; // of the dimensions that are not 1
  for (int64_t axis : order) {
    if (axis < 0 || axis >= static_cast<int64_t>((*x)->dims.size()))
      return node.fail("`perm` = " + listText(order) + " of " + llvm::Twine((*x)->dims.size()) + " dimensions");
    if ((*x)->dims[axis] != 1)
      moved.push_back(axis);
  }
  std::vector<int64_t> dims;
  for (int64_t axis : order)
    dims.push_back((*x)->dims[axis]);
  bool isWhole = order.size() == (*x)->dims.size(), moves = !llvm::is_sorted(moved);
  ValueId image = node.imageOf((*x)->value);
  if (isWhole && moves)
    if (std::optional<Squares> squares = squaresOf((*x)->dims, order, node.net().dimsOf(image)))
      return addSquares(node, image, *squares, std::move(dims));
  if (!isWhole || moves)
    return node.fail("`perm` = " + listText(order) + ": Skip moves no dimensions");
  return reshape(node, std::move(dims));
}

/// Values stay as they are.
static llvm::Error mapNothing(NodeMapping &node) {
  llvm::Expected<const Mapped *> x = node.anyActivation(0);
  return x ? node.alias(**x) : x.takeError();
}

static llvm::Error mapDropout(NodeMapping &node) {
  for (llvm::StringRef name : {"ratio", "seed"})
    node.attributes.ignore(name);
  if (node.has(2)) {
    llvm::Expected<std::vector<int64_t>> training = node.integers(2, "training_mode");
    if (!training)
      return training.takeError();
    if (*training != std::vector<int64_t>{0})
      return node.fail("`training_mode` is on: export the network for inference");
  }
  return mapNothing(node);
}

static llvm::Error mapCast(NodeMapping &node) {
  node.attributes.ignore("saturate");
  int64_t to = node.attributes.integer("to", 0);
  if (to != static_cast<int64_t>(ElementType::Float))
    return node.fail("`to` = " + llvm::Twine(to) + " of the format's list: Skip computes in float32, 1");
  return mapNothing(node);
}

/// A constant to the type of values, which are float32; those themselves stay.
static llvm::Error mapCastLike(NodeMapping &node) {
  node.attributes.ignore("saturate");
  if (!node.isConstant(0))
    return node.isConstant(1) && !isReal((*node.constant(1, "type"))->type) ? node.fail("a cast to whole numbers")
                                                                            : mapNothing(node);
  llvm::Expected<const Constant *> constant = node.constant(0, "input");
  if (!constant)
    return constant.takeError();
  Mapped result;
  result.dims.assign((*constant)->dims.begin(), (*constant)->dims.end());
  result.constant = **constant;
  if (!isReal((*constant)->type))
    result.constant = makeConstant((*constant)->name, ElementType::Double, (*constant)->dims, elementsOf(**constant));
  return node.alias(result);
}

/// Before each dimension, then behind each; an error where what is padded with is a number that is no zero.
static llvm::Expected<std::vector<int64_t>> padsOf(NodeMapping &node, size_t rank, bool isReflection) {
  llvm::Expected<std::vector<int64_t>> pads = node.integers(1, "pads");
  if (!pads)
    return pads;
  if (!isReflection && node.has(2)) {
    llvm::Expected<const Constant *> value = node.constant(2, "value");
    if (!value)
      return value.takeError();
    if (std::vector<double> values = elementsOf(**value); values != std::vector<double>{0.0})
      return node.fail("it pads with a value that is not 0");
  }
  if (!node.has(3))
    return pads;
  llvm::Expected<std::vector<int64_t>> axes = node.integers(3, "axes");
  if (!axes)
    return axes;
  std::vector<int64_t> full(2 * rank, 0);
  for (size_t i = 0; i < axes->size(); ++i) {
    int64_t axis = (*axes)[i] + ((*axes)[i] < 0 ? static_cast<int64_t>(rank) : 0);
    if (axis < 0 || axis >= static_cast<int64_t>(rank) || pads->size() != 2 * axes->size())
      return node.fail("its axes are not among the dimensions");
    full[axis] = (*pads)[i];
    full[axis + static_cast<int64_t>(rank)] = (*pads)[axes->size() + i];
  }
  return full;
}

/// The image with its own pixels around it.
static llvm::Error addReflection(NodeMapping &node, llvm::ArrayRef<int64_t> pads) {
  llvm::Expected<const Mapped *> x = node.image(0);
  if (!x)
    return x.takeError();
  std::vector<int64_t> dims = (*x)->dims;
  if (pads[1] || pads[5] || std::max(pads[2], pads[6]) >= dims[2] || std::max(pads[3], pads[7]) >= dims[3])
    return node.fail("`pads` = " + listText(pads) + " of " + node.sizes(dims) +
                     ": Skip reflects rows and columns, fewer than the image has");
  for (size_t d : {2, 3})
    dims[d] += pads[d] + pads[d + 4];
  Window sides{{.before = pads[2], .after = pads[6]}, {.before = pads[3], .after = pads[7]}};
  return node.add({"reflect_pad", {(*x)->value}, {{"pad", padsOf(sides), std::nullopt}}, {dims[1], dims[2], dims[3]}, {}},
                  dims);
}

/// Zeros around images, or channels of zeros; or by reflection.
static llvm::Error mapPad(NodeMapping &node) {
  llvm::Expected<const Mapped *> x = node.pendingActivation(0);
  if (!x)
    return x.takeError();
  Mapped result = **x;
  size_t rank = result.dims.size();
  std::string mode = node.attributes.text("mode", "constant");
  if (mode != "constant" && mode != "reflect")
    return node.fail("`mode` = " + printable(mode) + ": Skip pads with zeros, or by reflection");
  llvm::Expected<std::vector<int64_t>> pads = padsOf(node, rank, mode == "reflect");
  if (!pads)
    return pads.takeError();
  constexpr int64_t most = 1 << 20;
  const std::vector<int64_t> &full = *pads;
  if (llvm::any_of(full, [](int64_t pad) { return pad < 0 || pad > most; }))
    return node.fail("`pads` = " + listText(full) + ": Skip takes none below 0 or so large");
  if (llvm::all_of(full, [](int64_t pad) { return pad == 0; }))
    return node.alias(result);
  if (rank != 4 || full.size() != 8 || node.net().dimsOf(result.value).size() != 3 || full[0] || full[4])
    return node.fail("`pads` = " + listText(full) + ": Skip pads images, by rows, columns and channels");
  if (mode == "reflect")
    return addReflection(node, full);
  if (result.pending.node) { // what comes one behind the other is written down one by one
    if (x = node.activation(0); !x)
      return x.takeError();
    result = **x;
  }
  result.pending = {.node = &node.getNode(),
                    .top = full[2],
                    .left = full[3],
                    .bottom = full[6],
                    .right = full[7],
                    .channelsBefore = full[1],
                    .channelsAfter = full[5]};
  for (size_t d = 0; d < rank; ++d)
    result.dims[d] += full[d] + full[d + rank];
  return node.alias(result);
}

/// A value of each channel over an image, which is a factor then; or nothing.
static llvm::Error mapExpand(NodeMapping &node) {
  llvm::Expected<const Mapped *> x = node.factor(0);
  if (!x)
    return x.takeError();
  llvm::Expected<std::vector<int64_t>> wanted = node.integers(1, "shape");
  if (!wanted)
    return wanted.takeError();
  Mapped result = **x;
  const Dims &own = node.net().dimsOf(result.value);
  std::vector<int64_t> dims = result.dims, from = dims;
  bool isByChannel = dims.size() == 4 && dims[1] == own[0] && (own.size() == 1 || own[1] * own[2] == 1);
  if (wanted->size() > dims.size())
    return node.fail("it adds dimensions to " + node.sizes(dims));
  size_t before = dims.size() - wanted->size();
  for (size_t d = before; d < dims.size(); ++d)
    if (int64_t size = (*wanted)[d - before]; size != 1 && size != dims[d]) {
      bool repeats = dims[d] == 1 && size > 1 && d >= 2 && isByChannel;
      if (!repeats)
        return node.fail("it makes " + listText(*wanted) + " of " + node.sizes(from) +
                         "; Skip repeats a value of each channel, over rows and columns");
      dims[d] = size;
    }
  if (dims != from)
    result.repeatedBy = &node.getNode();
  result.dims = std::move(dims);
  return node.alias(result);
}

llvm::ArrayRef<NodeMapperEntry> onnx::shapeMappers() {
  static constexpr NodeMapperEntry entries[] = {
      {"Reshape", mapReshape},     {"Flatten", mapFlatten},  {"Squeeze", mapSqueeze}, {"Unsqueeze", mapUnsqueeze},
      {"Transpose", mapTranspose}, {"Identity", mapNothing}, {"Dropout", mapDropout}, {"Cast", mapCast},
      {"CastLike", mapCastLike},   {"Pad", mapPad},          {"Expand", mapExpand},
  };
  return entries;
}
