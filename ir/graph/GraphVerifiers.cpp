// Shape inference and the numbered constraints of the graph dialect. The two are one: an operation's result type follows from
// its operands, or the operands break a rule, which is reported under the rule's number.
#include "ir/graph/Graph.h"
#include "ir/graph/GraphShapes.h"
#include "ir/graph/Inference.h"

using namespace mlir;
using namespace skip::graph;

LogicalResult ParameterOp::verify() {
  auto type = llvm::dyn_cast<RankedTensorType>(getType());
  if (!type || !type.hasStaticShape() || (type.getRank() != 1 && type.getRank() != 2 && type.getRank() != 4))
    return emitOpError("parameter-c1: the shape must be static and of rank 1, 2 or 4, not ") << getType();
  return success();
}

LogicalResult ReadParameterOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto parameter = symbols.lookupNearestSymbolFrom<ParameterOp>(*this, getParameterAttr());
  if (!parameter || parameter.getType() != getValue().getType())
    return emitOpError("read_parameter-c1: no parameter of type ")
           << getValue().getType() << " is named " << getParameterAttr();
  return success();
}

INFER(BnScaleOp) {
  Adaptor op(operands, attributes, properties, regions);
  if (shapeOf(op.getGamma()).size() != 1 || shapeOf(op.getGamma()) != shapeOf(op.getVariance()))
    return broken(loc, "bn_scale-c1", "gamma and variance must be vectors of one length");
  return infer(types, op.getGamma(), shapeOf(op.getGamma()));
}

INFER(BnShiftOp) {
  Adaptor op(operands, attributes, properties, regions);
  for (Value vector : operands)
    if (shapeOf(vector).size() != 1 || shapeOf(vector) != shapeOf(op.getBeta()))
      return broken(loc, "bn_shift-c1", "all operands must be vectors of one length");
  return infer(types, op.getBeta(), shapeOf(op.getBeta()));
}

INFER(ScaleFilterOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> filter = shapeOf(op.getFilter());
  if ((filter.size() != 4 && filter.size() != 2) || !isVector(op.getScale(), filter[0]))
    return broken(loc, "scale_filter-c1", "the scale must have one element for each output channel of the filter");
  return infer(types, op.getFilter(), filter);
}

INFER(Conv2dOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> x = shapeOf(op.getX()), filter = shapeOf(op.getFilter());
  if (filter.size() != 4 || filter[1] != x[1])
    return broken(loc, "conv2d-c1", "the filter must be [O, I, kh, kw] with I the input's channel count " + llvm::Twine(x[1]));
  if (op.getBias() && !isVector(op.getBias(), filter[0]))
    return broken(loc, "conv2d-c3", "the bias must have one element for each output channel");
  int64_t stride = op.getStride(), padding = op.getPadding();
  if (stride < 1 || padding < 0)
    return broken(loc, "conv2d-c4", "the stride must be at least 1 and the padding at least 0");
  std::optional<int64_t> height = windowOutputSize(x[2], filter[2], stride, padding);
  std::optional<int64_t> width = windowOutputSize(x[3], filter[3], stride, padding);
  if (!height || !width)
    return broken(loc, "conv2d-c2", "the padded picture is smaller than the filter");
  return infer(types, op.getX(), {x[0], filter[0], *height, *width});
}

INFER(LinearOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> x = shapeOf(op.getX()), filter = shapeOf(op.getFilter());
  if (x.size() != 2 || filter.size() != 2 || filter[1] != x[1])
    return broken(loc, "linear-c1", "the input must be [N, K] and the filter [O, K]");
  if (op.getBias() && !isVector(op.getBias(), filter[0]))
    return broken(loc, "linear-c2", "the bias must have one element for each output");
  return infer(types, op.getX(), {x[0], filter[0]});
}

LogicalResult skip::graph::inferPerChannel(std::optional<Location> loc, llvm::StringRef label, ValueRange operands,
                                           SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> x = shapeOf(operands[0]);
  for (Value vector : operands.drop_front())
    if (x.size() < 2 || !isVector(vector, x[1]))
      return broken(loc, label, "every vector must have one element for each channel of the input");
  return infer(types, operands[0], x);
}

INFER(BatchNormOp) { return inferPerChannel(loc, "batch_norm-c1", operands, types); }
INFER(ScaleShiftOp) { return inferPerChannel(loc, "scale_shift-c1", operands, types); }
INFER(ReluOp) { return infer(types, operands[0], shapeOf(operands[0])); }
INFER(DropoutOp) { return infer(types, operands[0], shapeOf(operands[0])); }

INFER(AddOp) {
  if (shapeOf(operands[0]) != shapeOf(operands[1]))
    return broken(loc, "add-c1", "both operands must have one shape");
  return infer(types, operands[0], shapeOf(operands[0]));
}

INFER(MaxPoolOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> x = shapeOf(op.getX());
  int64_t kernel = op.getKernel(), stride = op.getStride(), padding = op.getPadding();
  if (kernel < 1 || stride < 1 || padding < 0 || padding > kernel / 2)
    return broken(loc, "max_pool-c1", "kernel and stride must be at least 1 and the padding at most half the kernel");
  std::optional<int64_t> height = windowOutputSize(x[2], kernel, stride, padding);
  std::optional<int64_t> width = windowOutputSize(x[3], kernel, stride, padding);
  if (!height || !width)
    return broken(loc, "max_pool-c2", "the padded picture is smaller than the window");
  return infer(types, op.getX(), {x[0], x[1], *height, *width});
}

INFER(GlobalAvgPoolOp) {
  ArrayRef<int64_t> x = shapeOf(operands[0]);
  return infer(types, operands[0], {x[0], x[1]});
}

INFER(SubsampleOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> x = shapeOf(op.getX());
  int64_t stride = op.getStride();
  if (stride < 1)
    return broken(loc, "subsample-c1", "the stride must be at least 1");
  return infer(types, op.getX(), {x[0], x[1], subsampledSize(x[2], stride), subsampledSize(x[3], stride)});
}

INFER(PadChannelsOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> x = shapeOf(op.getX());
  int64_t before = op.getBefore(), after = op.getAfter();
  if (before < 0 || after < 0)
    return broken(loc, "pad_channels-c1", "the channel counts must not be negative");
  return infer(types, op.getX(), {x[0], before + x[1] + after, x[2], x[3]});
}

INFER(FlattenOp) {
  ArrayRef<int64_t> x = shapeOf(operands[0]);
  return infer(types, operands[0], {x[0], elementsPerImage(x.drop_front())});
}

INFER(SoftmaxOp) {
  ArrayRef<int64_t> x = shapeOf(operands[0]);
  if (x.size() != 2)
    return broken(loc, "softmax-c1", "the input must be [N, C]");
  return infer(types, operands[0], x);
}
