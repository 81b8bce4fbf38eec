// The norm of a vector before opset 17, which has no word for it:
//
//   mean = ReduceMean(x)    c = x - mean    variance = ReduceMean(c ^ 2, or c * c)    y = c / Sqrt(variance + epsilon)
//
// Skip has none of the parts by themselves. So they are not written down but remembered as what they are of x, until the
// division makes a norm of them; whatever else reads one is refused (`NodeMapping::anyActivation`). The weight and the bias
// behind it become the norm's own where they are multiplied and added (MapArithmetic.cpp).
#include "tools/import/Attributes.h"
#include "tools/import/Constant.h"
#include "tools/import/Mapper.h"
#include "tools/import/NodeMapping.h"
#include "tools/import/Parameters.h"

#include "llvm/ADT/STLExtras.h"

using namespace skip;
using namespace skip::onnx;

using Kind = Moment::Kind;

llvm::Error Mapper::failMoment(const Moment &moment) const {
  return fail(placeOf(model, *moment.node) +
              ": Skip has the mean and the deviation of a vector only where both are of a norm, (x - mean) / " +
              "sqrt(variance + epsilon)");
}

static bool isOf(const Moment *moment, Kind kind) { return moment && moment->kind == kind; }
static bool areOfOne(const Moment &a, const Moment &b) { return a.x == b.x && a.dims == b.dims; }

/// Whether a mean is over all features, each image by itself, and leaves the dimensions there.
static bool isOverAll(NodeMapping &node, llvm::ArrayRef<int64_t> dims) {
  node.attributes.ignore("noop_with_empty_axes"); // empty axes are none of a vector either way
  llvm::Expected<std::vector<int64_t>> axes = node.axes(1, 18, dims.size());
  if (!axes)
    return llvm::consumeError(axes.takeError()), false;
  bool takesAll = !llvm::is_contained(*axes, 0) && node.attributes.integer("keepdims", 1) != 0;
  for (size_t d = 1; d < dims.size(); ++d)
    takesAll = takesAll && (dims[d] == 1 || llvm::is_contained(*axes, static_cast<int64_t>(d)));
  return takesAll;
}

/// The mean of a vector, or that of squares.
static std::optional<Moment> meanOf(NodeMapping &node) {
  if (const Moment *square = node.moment(0))
    return isOf(square, Kind::Square) && isOverAll(node, square->dims)
               ? std::optional(Moment{Kind::Variance, square->x, square->dims})
               : std::nullopt;
  llvm::Expected<const Mapped *> x = node.view(0);
  if (!x)
    return llvm::consumeError(x.takeError()), std::nullopt;
  const Dims &own = node.net().dimsOf((*x)->value);
  if (own.size() != 1 || own[0] == 1 || !isOverAll(node, (*x)->dims))
    return std::nullopt;
  return Moment{Kind::Mean, (*x)->value, (*x)->dims};
}

/// x - mean.
static std::optional<Moment> differenceOf(NodeMapping &node) {
  const Moment *mean = node.moment(1);
  if (!isOf(mean, Kind::Mean) || node.moment(0) || node.isConstant(0))
    return std::nullopt;
  llvm::Expected<const Mapped *> x = node.view(0);
  if (!x)
    return llvm::consumeError(x.takeError()), std::nullopt;
  return (*x)->value == mean->x && (*x)->dims == mean->dims ? std::optional(Moment{Kind::Centered, mean->x, mean->dims})
                                                            : std::nullopt;
}

static std::optional<Moment> squareOf(NodeMapping &node) {
  const Moment *a = node.moment(0), *b = node.moment(1);
  if (!isOf(a, Kind::Centered))
    return std::nullopt;
  bool isSquare =
      node.getNode().operation == "Pow" ? node.number(1, a->dims.size()) == 2 : isOf(b, Kind::Centered) && areOfOne(*a, *b);
  return isSquare ? std::optional(Moment{Kind::Square, a->x, a->dims}) : std::nullopt;
}

/// variance + epsilon.
static std::optional<Moment> shiftedOf(NodeMapping &node) {
  for (size_t i : {0, 1}) {
    const Moment *variance = node.moment(i);
    if (!isOf(variance, Kind::Variance))
      continue;
    if (std::optional<double> epsilon = node.number(1 - i, variance->dims.size()))
      return Moment{Kind::Shifted, variance->x, variance->dims, nullptr, decimalOf(*epsilon)};
  }
  return std::nullopt;
}

static std::optional<Moment> rootOf(NodeMapping &node) {
  const Moment *shifted = node.moment(0);
  return isOf(shifted, Kind::Shifted)
             ? std::optional(Moment{Kind::Deviation, shifted->x, shifted->dims, nullptr, shifted->epsilon})
             : std::nullopt;
}

/// What the node makes of a norm; nothing where it is no part of one.
static std::optional<Moment> momentOf(NodeMapping &node) {
  struct Step {
    llvm::StringLiteral operation;
    std::optional<Moment> (*moment)(NodeMapping &);
  };
  static constexpr Step steps[] = {{"ReduceMean", meanOf}, {"Sub", differenceOf}, {"Pow", squareOf},
                                   {"Mul", squareOf},      {"Add", shiftedOf},    {"Sqrt", rootOf}};
  for (const Step &step : steps)
    if (step.operation == node.getNode().operation)
      return step.moment(node);
  return std::nullopt;
}

/// Of one group, with a weight of 1 and a bias of 0.
static llvm::Error addNorm(NodeMapping &node, const Moment &deviation) {
  if (!(deviation.epsilon > 0 && deviation.epsilon <= 1))
    return node.fail("the norm that it ends adds " + valueText(deviation.epsilon) + ": Skip takes those above 0 and at most 1");
  const Dims dims = node.net().dimsOf(deviation.x);
  if (llvm::Error error = node.charge(2 * dims[0]))
    return error;
  Call call{"group_norm", {deviation.x}, {{"groups", int64_t(1), std::nullopt}, {"eps", deviation.epsilon, 1e-5}}, dims, {}};
  for (auto [suffix, number] : {std::pair(llvm::StringLiteral("weight"), 1.0), std::pair(llvm::StringLiteral("bias"), 0.0)})
    call.parameters.push_back(
        {suffix, makeConstant("", ElementType::Double, dims, std::vector<double>(static_cast<size_t>(dims[0]), number)), dims});
  call.path = node.pathOf({});
  return node.add(std::move(call), deviation.dims);
}

llvm::Expected<bool> onnx::mapMoment(NodeMapping &node) {
  if (!node.getNode().domain.empty())
    return false;
  const Moment *centered = node.moment(0), *deviation = node.moment(1);
  if (node.getNode().operation == "Div" && isOf(centered, Kind::Centered) && isOf(deviation, Kind::Deviation) &&
      areOfOne(*centered, *deviation)) {
    if (llvm::Error error = addNorm(node, *deviation))
      return error;
    return true;
  }
  std::optional<Moment> moment = momentOf(node);
  if (!moment)
    return false;
  moment->node = &node.getNode();
  Mapped mapped{.dims = moment->dims, .value = moment->x};
  if (moment->kind != Kind::Centered && moment->kind != Kind::Square)
    std::fill(mapped.dims.begin() + 1, mapped.dims.end(), 1);
  mapped.moment = std::move(moment);
  if (llvm::Error error = node.alias(mapped))
    return error;
  return true;
}
