// What the gradients of each operation are, as operations: training's counterpart of GraphInterfaces.cpp.
#include "ir/graph/Graph.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace skip::graph;
using Gradients = llvm::ArrayRef<Value>;
using Wanted = llvm::ArrayRef<bool>;
using Results = llvm::SmallVector<Value>;

static llvm::ArrayRef<int64_t> shapeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()).getShape(); }

/// Of what is made of a parameter, called after it.
static Location madeOf(Value parameter, llvm::StringRef suffix, Location otherwise) {
  std::string name = valueName(parameter);
  return name.empty() ? otherwise : NameLoc::get(StringAttr::get(parameter.getContext(), name + "." + suffix));
}

static Value transposed(OpBuilder &builder, Location loc, Value filter) {
  return TransposeFilterOp::create(builder, madeOf(filter, "transposed", loc), filter);
}

/// By the forward operation where that reads the gradient as a padded picture: stride 1, and no more padding than the window
/// has neighbours.
static Value convGradInput(OpBuilder &builder, Location loc, Conv2dOp conv, Value dy) {
  llvm::ArrayRef<int64_t> filter = shapeOf(conv.getFilter()), x = shapeOf(conv.getX());
  int64_t stride = conv.getStride(), padding = conv.getPadding();
  if (stride == 1 && filter[2] == filter[3] && padding < filter[2]) {
    Value turned = transposed(builder, loc, conv.getFilter());
    return Conv2dOp::create(builder, loc, dy, turned, Value(), 1, filter[2] - 1 - padding);
  }
  return Conv2dGradInputOp::create(builder, loc, dy, conv.getFilter(), x[2], x[3], stride, padding);
}

Results Conv2dOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted wanted) {
  Value dy = gradients[0];
  llvm::ArrayRef<int64_t> filter = shapeOf(getFilter());
  Results results(wanted.size());
  if (wanted[0])
    results[0] = convGradInput(builder, loc, *this, dy);
  if (wanted[1])
    results[1] = Conv2dGradFilterOp::create(builder, madeOf(getFilter(), "grad", loc), dy, getX(), filter[2], filter[3],
                                            getStride(), getPadding());
  if (wanted.size() > 2 && wanted[2])
    results[2] = ChannelSumsOp::create(builder, madeOf(getBias(), "grad", loc), dy);
  return results;
}

Results GeneralConv2dOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted wanted) {
  Value dy = gradients[0];
  llvm::ArrayRef<int64_t> x = shapeOf(getX()), filter = shapeOf(getFilter());
  Results results(wanted.size());
  if (wanted[0])
    results[0] = GeneralConv2dGradInputOp::create(builder, loc, dy, getFilter(), x[2], x[3], getStrides(), getDilations(),
                                                  getPads(), getGroups());
  if (wanted[1])
    results[1] = GeneralConv2dGradFilterOp::create(builder, madeOf(getFilter(), "grad", loc), dy, getX(), filter[2], filter[3],
                                                   getStrides(), getDilations(), getPads(), getGroups());
  if (wanted.size() > 2 && wanted[2])
    results[2] = ChannelSumsOp::create(builder, madeOf(getBias(), "grad", loc), dy);
  return results;
}

Results LinearOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted wanted) {
  Value dy = gradients[0];
  Results results(wanted.size());
  if (wanted[0])
    results[0] = LinearOp::create(builder, loc, dy, transposed(builder, loc, getFilter()), Value());
  if (wanted[1])
    results[1] = LinearGradFilterOp::create(builder, madeOf(getFilter(), "grad", loc), dy, getX());
  if (wanted.size() > 2 && wanted[2])
    results[2] = ChannelSumsOp::create(builder, madeOf(getBias(), "grad", loc), dy);
  return results;
}

/// Of the input alone: a batch norm that is trained is one by the batch's statistics.
Results BatchNormOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  Value scale = BnScaleOp::create(builder, loc, getGamma(), getVariance(), getEpsilonAttr());
  Results results(5);
  results[0] = ScaleChannelsOp::create(builder, loc, gradients[0], scale);
  return results;
}

/// Of the running statistics nothing is wanted, and the loss does not depend on what becomes of them.
Results BatchNormTrainOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  Results results(5);
  if (!gradients[0] || llvm::any_of(gradients.drop_front(), [](Value gradient) { return gradient != nullptr; }))
    return results;
  auto grad =
      BatchNormTrainGradOp::create(builder, loc, gradients[0], getX(), getGamma(), getMean(), getVariance(), getEpsilonAttr());
  results[0] = grad.getDx();
  results[1] = grad.getDgamma();
  results[2] = grad.getDbeta();
  return results;
}

Results ReluOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  return {ReluGradInputOp::create(builder, loc, gradients[0], getY())};
}

Results DropoutTrainOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  return {DropoutTrainOp::create(builder, loc, gradients[0], getDraws(), getRateAttr(), getLayerAttr()), Value()};
}

Results AddOp::differentiate(OpBuilder &, Location, Gradients gradients, Wanted) { return {gradients[0], gradients[0]}; }

Results MaxPoolOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  return {MaxPoolGradInputOp::create(builder, loc, gradients[0], getX(), getKernel(), getStrides(), getPads(), getCeil())};
}

Results AvgPoolOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  llvm::ArrayRef<int64_t> x = shapeOf(getX());
  return {AvgPoolGradInputOp::create(builder, loc, gradients[0], x[2], x[3], getKernel(), getStrides(), getPads(), getCeil(),
                                     getIncludePad(), getSum())};
}

Results ConcatOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted wanted) {
  Results results(wanted.size());
  int64_t first = 0;
  for (auto [index, input] : llvm::enumerate(getInputs())) {
    int64_t channels = shapeOf(input)[1];
    auto name = NameLoc::get(StringAttr::get(builder.getContext(), valueName(loc) + "." + llvm::Twine(index)));
    if (wanted[index])
      results[index] = TakeChannelsOp::create(builder, name, gradients[0], first, channels);
    first += channels;
  }
  return results;
}

/// Without interpolation each pixel stands for a square of them.
Results UpsampleOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  if (getBilinear())
    return {UpsampleGradInputOp::create(builder, loc, gradients[0], getFactor())};
  auto square = builder.getDenseI64ArrayAttr({int64_t(getFactor()), int64_t(getFactor())});
  return {AvgPoolOp::create(builder, loc, gradients[0], square, square, builder.getDenseI64ArrayAttr({0, 0, 0, 0}), UnitAttr(),
                            UnitAttr(), builder.getUnitAttr())};
}

Results ReflectPadOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  return {ReflectPadGradInputOp::create(builder, loc, gradients[0], getPads())};
}

Results GlobalAvgPoolOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  llvm::ArrayRef<int64_t> x = shapeOf(getX());
  return {GlobalAvgPoolGradInputOp::create(builder, loc, gradients[0], x[2], x[3])};
}

Results SubsampleOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  llvm::ArrayRef<int64_t> x = shapeOf(getX());
  return {SubsampleGradInputOp::create(builder, loc, gradients[0], getStride(), x[2], x[3])};
}

Results PadChannelsOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  return {TakeChannelsOp::create(builder, loc, gradients[0], getBefore(), shapeOf(getX())[1])};
}

Results FlattenOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  llvm::ArrayRef<int64_t> x = shapeOf(getX());
  if (x.size() == 2)
    return {gradients[0]};
  return {UnflattenOp::create(builder, loc, gradients[0], x[1], x[2], x[3])};
}

Results UnflattenOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  return {FlattenOp::create(builder, loc, gradients[0])};
}

Results TakeChannelsOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  int64_t after = shapeOf(getX())[1] - int64_t(getFirst()) - int64_t(getCount());
  return {PadChannelsOp::create(builder, loc, gradients[0], getFirst(), after)};
}

Results SoftmaxOp::differentiate(OpBuilder &builder, Location loc, Gradients gradients, Wanted) {
  return {SoftmaxGradInputOp::create(builder, loc, gradients[0], getY())};
}

Results SoftmaxCrossEntropyOp::differentiate(OpBuilder &builder, Location loc, Gradients, Wanted) {
  return {SoftmaxCrossEntropyGradInputOp::create(builder, loc, getX(), getLabels(), getSmoothingAttr()), Value()};
}
