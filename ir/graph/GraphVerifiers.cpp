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

INFER(GeneralConv2dOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> x = shapeOf(op.getX()), filter = shapeOf(op.getFilter());
  int64_t groups = op.getGroups();
  if (filter.size() != 4 || groups < 1 || filter[0] % groups || x[1] % groups || filter[1] != x[1] / groups)
    return broken(loc, "conv2d_general-c1",
                  "the filter must be [O, I, kh, kw], O a multiple of the groups, and groups * I the input's channel count " +
                      llvm::Twine(x[1]));
  if (op.getBias() && !isVector(op.getBias(), filter[0]))
    return broken(loc, "conv2d_general-c3", "the bias must have one element for each output channel");
  std::optional<WindowAxes> axes = generalWindows(op, filter[2], filter[3]);
  auto isPositive = [](int64_t each) { return each >= 1; };
  if (!axes || !llvm::all_of(op.getStrides(), isPositive) || !llvm::all_of(op.getDilations(), isPositive) ||
      llvm::any_of(op.getPads(), [](int64_t pad) { return pad < 0; }))
    return broken(loc, "conv2d_general-c4",
                  "there must be two strides and two dilations, at least 1, and four pads, at least 0");
  std::optional<int64_t> height = axes->rows.outputSize(x[2]), width = axes->columns.outputSize(x[3]);
  if (!height || !width)
    return broken(loc, "conv2d_general-c2", "the padded picture is smaller than the filter");
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

INFER(GroupNormOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> x = shapeOf(op.getX());
  if (x.size() < 2 || shapeOf(op.getMoments()) != ArrayRef<int64_t>({x[0], x[1], 2, 1}) || !isVector(op.getGamma(), x[1]) ||
      !isVector(op.getBeta(), x[1]))
    return broken(loc, "group_norm-c1",
                  "the moments must be the input's, and vectors have an element for each of its channels");
  int64_t groups = op.getGroups();
  if (groups < 1 || x[1] % groups != 0)
    return broken(loc, "group_norm-c2", "the groups must divide the channels " + llvm::Twine(x[1]));
  return infer(types, op.getX(), x);
}

INFER(ReluOp) { return infer(types, operands[0], shapeOf(operands[0])); }
INFER(DropoutOp) { return infer(types, operands[0], shapeOf(operands[0])); }

bool skip::graph::areReflections(ArrayRef<int64_t> pads, int64_t height, int64_t width) {
  auto isWithin = [](int64_t pad, int64_t size) { return pad >= 0 && pad < size; };
  return pads.size() == 4 && isWithin(pads[0], height) && isWithin(pads[2], height) && isWithin(pads[1], width) &&
         isWithin(pads[3], width);
}

bool skip::graph::arePoolWindows(const WindowAxes &axes) {
  auto isSound = [](const WindowAxis &axis) {
    return axis.kernel >= 1 && axis.stride >= 1 && axis.before >= 0 && axis.after >= 0 && axis.before <= axis.kernel / 2 &&
           axis.after <= axis.kernel / 2;
  };
  return isSound(axes.rows) && isSound(axes.columns);
}

INFER(AddOp) {
  if (shapeOf(operands[0]) != shapeOf(operands[1]))
    return broken(loc, "add-c1", "both operands must have one shape");
  return infer(types, operands[0], shapeOf(operands[0]));
}

template <typename Adaptor>
static LogicalResult inferPooling(std::optional<Location> loc, llvm::StringRef name, Adaptor op, SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> x = shapeOf(op.getX());
  std::optional<WindowAxes> axes = poolWindows(op);
  if (!axes || !arePoolWindows(*axes))
    return broken(loc, name + "-c1",
                  "there must be two kernel sizes and two strides, at least 1, and four pads, each at most half the kernel");
  std::optional<int64_t> height = axes->rows.outputSize(x[2]), width = axes->columns.outputSize(x[3]);
  if (!height || !width)
    return broken(loc, name + "-c2", "the padded picture is smaller than the window");
  return infer(types, op.getX(), {x[0], x[1], *height, *width});
}

INFER(MaxPoolOp) { return inferPooling(loc, "max_pool", Adaptor(operands, attributes, properties, regions), types); }
INFER(AvgPoolOp) { return inferPooling(loc, "avg_pool", Adaptor(operands, attributes, properties, regions), types); }

INFER(ConcatOp) {
  if (operands.size() < 2)
    return broken(loc, "concat-c1", "there must be at least two operands");
  SmallVector<int64_t> shape(shapeOf(operands[0]));
  for (Value operand : operands.drop_front()) {
    ArrayRef<int64_t> other = shapeOf(operand);
    if (other[0] != shape[0] || other.drop_front(2) != ArrayRef(shape).drop_front(2))
      return broken(loc, "concat-c1", "all operands must be alike but for their channels");
    shape[1] += other[1];
  }
  return infer(types, operands[0], shape);
}

INFER(UpsampleOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> x = shapeOf(op.getX());
  int64_t factor = op.getFactor();
  if (factor < 1)
    return broken(loc, "upsample-c1", "the factor must be at least 1");
  return infer(types, op.getX(), {x[0], x[1], x[2] * factor, x[3] * factor});
}

INFER(ReflectPadOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> x = shapeOf(op.getX()), pads = op.getPads();
  if (!areReflections(pads, x[2], x[3]))
    return broken(loc, "reflect_pad-c1",
                  "there must be four pads, each at least 0 and less than the picture's size along its axis");
  return infer(types, op.getX(), {x[0], x[1], pads[0] + x[2] + pads[2], pads[1] + x[3] + pads[3]});
}

INFER(AttentionPoolOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> x = shapeOf(op.getX());
  if (shapeOf(op.getLogits()) != ArrayRef<int64_t>({x[0], 1, x[2], x[3]}))
    return broken(loc, "attention_pool-c1", "there must be one logit for each pixel");
  return infer(types, op.getX(), {x[0], x[1]});
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
