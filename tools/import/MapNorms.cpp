// Norms by the statistics of each image: of groups of channels, as InstanceNormalization of a value whose groups are its
// channels, by GroupNormalization, and, of vectors, as LayerNormalization.
#include "tools/import/Constant.h"
#include "tools/import/Layers.h"
#include "tools/import/Parameters.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace skip;
using namespace skip::onnx;

/// One number for each channel: the file's `count`, each of which is that of a run of channels.
static llvm::Expected<Constant> perChannel(NodeMapping &node, size_t input, llvm::StringRef what, int64_t count,
                                           int64_t channels) {
  llvm::Expected<const Constant *> given = node.constant(input, what);
  if (!given)
    return given.takeError();
  if ((*given)->dims != Dims{count} || !isReal((*given)->type))
    return node.fail("its " + what + " is " + listText((*given)->dims) + " of " + elementName((*given)->type) + ", not [" +
                     llvm::Twine(count) + "] of float32");
  if (count == channels)
    return **given;
  if (llvm::Error error = node.charge(channels))
    return error;
  std::vector<double> ofGroups = elementsOf(**given), all;
  for (int64_t channel = 0; channel < channels; ++channel)
    all.push_back(ofGroups[channel / (channels / count)]);
  return makeConstant("", ElementType::Double, {channels}, all);
}

namespace {
/// A norm of `groups` groups of the channels of `x`, whose numbers are one for each of `count` runs of channels.
struct GroupNorm {
  ValueId x;
  int64_t groups, count;
  double epsilon;
};
} // namespace

static llvm::Expected<Call> callOf(NodeMapping &node, const GroupNorm &norm) {
  const Dims dims = node.net().dimsOf(norm.x);
  if (!(norm.epsilon > 0 && norm.epsilon <= 1))
    return node.fail("`epsilon` = " + valueText(norm.epsilon) + ": Skip takes those above 0 and at most 1");
  llvm::Expected<Constant> weight = perChannel(node, 1, "scale", norm.count, dims[0]);
  if (!weight)
    return weight.takeError();
  Constant bias = makeConstant("", ElementType::Double, {dims[0]}, std::vector<double>(static_cast<size_t>(dims[0])));
  if (llvm::Error error = node.has(2) ? perChannel(node, 2, "bias", norm.count, dims[0]).moveInto(bias) : node.charge(dims[0]))
    return error;
  Call call{"group_norm", {norm.x}, {{"groups", norm.groups, std::nullopt}, {"eps", norm.epsilon, 1e-5}}, dims, {}};
  call.path = node.pathOf(**node.constant(1, "scale"));
  call.parameters.push_back({"weight", std::move(*weight), {dims[0]}});
  call.parameters.push_back({"bias", std::move(bias), {dims[0]}});
  return call;
}

/// A norm of what the graph sees under `dims`, as an image where it is one.
static llvm::Error addNorm(NodeMapping &node, const GroupNorm &norm, std::vector<int64_t> dims) {
  llvm::Expected<Call> call = callOf(node, norm);
  if (!call)
    return call.takeError();
  const Dims own = call->dims;
  bool isSeenSo = own.size() == 1 || (dims.size() >= 4 && dims[dims.size() - 2] == own[1] && dims.back() == own[2]);
  if (isSeenSo)
    return node.add(std::move(*call), std::move(dims));
  llvm::Expected<ValueId> image = node.part(std::move(*call));
  return image ? node.add({"flatten", {*image}, {}, {own[0] * own[1] * own[2]}, {}}, std::move(dims)) : image.takeError();
}

/// Of [N, groups, ...], which are the channels of the image that it is made of in so many runs.
static llvm::Error mapInstanceNorm(NodeMapping &node) {
  double epsilon = node.attributes.decimal("epsilon", 1e-5);
  llvm::Expected<const Mapped *> x = node.view(0);
  if (!x)
    return x.takeError();
  const std::vector<int64_t> dims = (*x)->dims;
  ValueId value = node.imageOf((*x)->value);
  int64_t channels = node.net().dimsOf(value)[0], groups = dims.size() < 3 ? 0 : dims[1];
  if (groups < 1 || channels % groups != 0)
    return node.fail("its input is " + node.sizes(dims) + ", which Skip has as " + listText(node.net().dimsOf(value)) +
                     "; groups of its channels are normalised");
  return addNorm(node, {value, groups, groups, epsilon}, dims);
}

static llvm::Error mapGroupNorm(NodeMapping &node) {
  double epsilon = node.attributes.decimal("epsilon", 1e-5);
  int64_t groups = node.attributes.integer("num_groups", 0);
  node.attributes.ignore("stash_type"); // Skip's sums are in double precision
  llvm::Expected<const Mapped *> x = node.activation(0);
  if (!x)
    return x.takeError();
  int64_t channels = node.net().dimsOf((*x)->value)[0];
  if (groups < 1 || channels % groups != 0)
    return node.fail("`num_groups` = " + llvm::Twine(groups) + " of " + llvm::Twine(channels) + " channels");
  return addNorm(node, {(*x)->value, groups, groups, epsilon}, (*x)->dims);
}

/// Of vectors, whose features are all of one group.
static llvm::Error mapLayerNorm(NodeMapping &node) {
  double epsilon = node.attributes.decimal("epsilon", 1e-5);
  int64_t axis = node.attributes.integer("axis", -1);
  node.attributes.ignore("stash_type");
  llvm::Expected<const Mapped *> x = node.view(0);
  if (!x)
    return x.takeError();
  const std::vector<int64_t> dims = (*x)->dims;
  const Dims own = node.net().dimsOf((*x)->value);
  axis += axis < 0 ? static_cast<int64_t>(dims.size()) : 0;
  if (own.size() != 1 || axis < 1 || axis >= static_cast<int64_t>(dims.size()) ||
      countElements(llvm::ArrayRef(dims).drop_front(axis)) != own[0])
    return node.fail("`axis` = " + llvm::Twine(axis) + " of " + node.sizes(dims) + ", which Skip has as " + listText(own) +
                     ": it normalises vectors as a whole");
  return addNorm(node, {(*x)->value, 1, own[0], epsilon}, dims);
}

llvm::ArrayRef<NodeMapperEntry> onnx::normMappers() {
  static constexpr NodeMapperEntry entries[] = {
      {"InstanceNormalization", mapInstanceNorm},
      {"GroupNormalization", mapGroupNorm},
      {"LayerNormalization", mapLayerNorm},
  };
  return entries;
}
