// Shape inference and the numbered constraints of the operations for training.
#include "ir/graph/GraphShapes.h"
#include "ir/graph/Inference.h"

using namespace mlir;
using namespace skip::graph;

static bool areClasses(Value x, Value labels) { return shapeOf(x).size() == 2 && shapeOf(labels)[0] == shapeOf(x)[0]; }

INFER(SoftmaxCrossEntropyOp) {
  Adaptor op(operands, attributes, properties, regions);
  if (!areClasses(op.getX(), op.getLabels()))
    return broken(loc, "softmax_cross_entropy-c1", "the input must be [N, C] and the labels [N]");
  double smoothing = op.getSmoothing().convertToDouble();
  if (!(smoothing >= 0 && smoothing < 1))
    return broken(loc, "softmax_cross_entropy-c2", "the smoothing must be at least 0 and less than 1");
  return infer(types, op.getX(), {1});
}

INFER(SoftmaxCrossEntropyGradInputOp) {
  Adaptor op(operands, attributes, properties, regions);
  if (!areClasses(op.getX(), op.getLabels()))
    return broken(loc, "softmax_cross_entropy_grad_input-c1", "the input must be [N, C] and the labels [N]");
  return infer(types, op.getX(), shapeOf(op.getX()));
}

INFER(DropoutTrainOp) {
  Adaptor op(operands, attributes, properties, regions);
  if (shapeOf(op.getX()).empty() || shapeOf(op.getDraws())[0] != shapeOf(op.getX())[0])
    return broken(loc, "dropout_train-c1", "there must be a draw for each image");
  double rate = op.getRate().convertToDouble();
  if (!(rate >= 0 && rate < 1))
    return broken(loc, "dropout_train-c2", "the rate must be at least 0 and less than 1");
  return infer(types, op.getX(), shapeOf(op.getX()));
}

INFER(BatchNormTrainOp) {
  if (failed(inferPerChannel(loc, "batch_norm_train-c1", operands, types)))
    return failure();
  for (int result = 1; result < 5; ++result)
    (void)infer(types, operands[1], shapeOf(operands[1]));
  return success();
}

INFER(BatchNormTrainGradOp) {
  Adaptor op(operands, attributes, properties, regions);
  if (shapeOf(op.getDy()) != shapeOf(op.getX()))
    return broken(loc, "batch_norm_train_grad-c1", "dy must have the input's shape");
  if (failed(inferPerChannel(loc, "batch_norm_train_grad-c1", operands.drop_front(), types)))
    return failure();
  for (int result = 1; result < 3; ++result)
    (void)infer(types, op.getGamma(), shapeOf(op.getGamma()));
  return success();
}

INFER(MomentsOp) {
  ArrayRef<int64_t> x = shapeOf(operands[0]);
  if (x.size() < 2)
    return broken(loc, "moments-c1", "the input must have channels");
  return infer(types, operands[0], {x[0], x[1], 2, 1});
}

/// Of [N, C, 2, 1] and vectors to so many vectors.
static LogicalResult inferMerged(std::optional<Location> loc, llvm::StringRef name, ValueRange operands, int64_t pixels,
                                 int results, SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> sums = shapeOf(operands[0]);
  bool areVectors = llvm::all_of(operands.drop_front(), [&](Value vector) { return isVector(vector, sums[1]); });
  if (sums.drop_front(2) != ArrayRef<int64_t>({2, 1}) || !areVectors)
    return broken(loc, name + "-c1", "the first operand must be [N, C, 2, 1] and all others [C]");
  if (pixels < 1)
    return broken(loc, name + "-c2", "a picture has at least one pixel");
  for (int result = 0; result < results; ++result)
    (void)infer(types, operands[1], shapeOf(operands[1]));
  return success();
}

INFER(MergeMomentsOp) {
  Adaptor op(operands, attributes, properties, regions);
  return inferMerged(loc, "merge_moments", operands, op.getPixels(), 6, types);
}

INFER(MergeGradSumsOp) {
  Adaptor op(operands, attributes, properties, regions);
  return inferMerged(loc, "merge_grad_sums", operands, op.getPixels(), 5, types);
}

INFER(GradSumsOp) {
  ArrayRef<int64_t> x = shapeOf(operands[1]);
  if (shapeOf(operands[0]) != x || x.size() < 2 || !isVector(operands[2], x[1]))
    return broken(loc, "grad_sums-c1", "dy must have the input's shape and the mean one element for each channel");
  return infer(types, operands[0], {x[0], x[1], 2, 1});
}

INFER(ScaleAddOp) {
  if (shapeOf(operands[0]) != shapeOf(operands[1]))
    return broken(loc, "scale_add-c1", "both pictures must have one shape");
  return inferPerChannel(loc, "scale_add-c1", operands.drop_front(), types);
}

INFER(TransposeFilterOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> filter = shapeOf(operands[0]);
  int64_t margin = op.getMargin();
  if (filter.size() != 2 && filter.size() != 4)
    return broken(loc, "transpose_filter-c1", "the filter must be of rank 2 or 4");
  SmallVector<int64_t> shape(filter);
  std::swap(shape[0], shape[1]);
  if (margin < 0 || (margin > 0 && filter.size() != 4))
    return broken(loc, "transpose_filter-c2", "a margin is at least 0, and only around a window");
  for (size_t axis = 2; axis < shape.size(); ++axis)
    shape[axis] += 2 * margin;
  return infer(types, operands[0], shape);
}

/// Whether windows over a picture of `size` make one of `result`.
static bool makes(ArrayRef<int64_t> size, ArrayRef<int64_t> kernel, int64_t stride, int64_t padding, ArrayRef<int64_t> result) {
  return windowOutputSize(size[0], kernel[0], stride, padding) == result[0] &&
         windowOutputSize(size[1], kernel[1], stride, padding) == result[1];
}

INFER(Conv2dGradInputOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> dy = shapeOf(op.getDy()), filter = shapeOf(op.getFilter());
  int64_t height = op.getHeight(), width = op.getWidth();
  if (filter.size() != 4 || filter[0] != dy[1] ||
      !makes({height, width}, filter.drop_front(2), op.getStride(), op.getPadding(), dy.drop_front(2)))
    return broken(loc, "conv2d_grad_input-c1", "a convolution of such a picture by the filter has another shape than dy");
  return infer(types, op.getDy(), {dy[0], filter[1], height, width});
}

INFER(Conv2dTransposedOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> x = shapeOf(op.getX()), filter = shapeOf(op.getFilter());
  int64_t stride = op.getStride();
  if (filter.size() != 4 || filter[1] != x[1])
    return broken(loc, "conv2d_transposed-c1", "the filter must be [O, I, kh, kw], and I the input's channels");
  if (stride < 1 || !makes({stride * x[2], stride * x[3]}, filter.drop_front(2), stride, op.getPadding(), x.drop_front(2)))
    return broken(loc, "conv2d_transposed-c2", "a convolution of the result by the window has another size than the input");
  if (std::min(filter[2], filter[3]) < stride)
    return broken(loc, "conv2d_transposed-c3", "the window must be as large as the stride");
  return infer(types, op.getX(), {x[0], filter[0], stride * x[2], stride * x[3]});
}

INFER(Conv2dGradFilterOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> dy = shapeOf(op.getDy()), x = shapeOf(op.getX());
  int64_t height = op.getKernelHeight(), width = op.getKernelWidth();
  if (x[0] != dy[0] || !makes(x.drop_front(2), {height, width}, op.getStride(), op.getPadding(), dy.drop_front(2)))
    return broken(loc, "conv2d_grad_filter-c1", "a convolution of the input by such a filter has another shape than dy");
  int64_t parts = op.getParts();
  if (parts < 1)
    return broken(loc, "conv2d_grad_filter-c2", "there must be at least one part");
  return infer(types, op.getDy(), {parts * dy[1], x[1], height, width});
}

INFER(GeneralConv2dGradInputOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> dy = shapeOf(op.getDy()), filter = shapeOf(op.getFilter());
  int64_t height = op.getHeight(), width = op.getWidth(), groups = op.getGroups();
  std::optional<WindowAxes> axes = filter.size() == 4 ? generalWindows(op, filter[2], filter[3]) : std::nullopt;
  if (!axes || groups < 1 || filter[0] != dy[1] || dy[1] % groups || axes->rows.outputSize(height) != dy[2] ||
      axes->columns.outputSize(width) != dy[3])
    return broken(loc, "conv2d_general_grad_input-c1",
                  "a convolution of such a picture by the filter has another shape than dy");
  return infer(types, op.getDy(), {dy[0], groups * filter[1], height, width});
}

INFER(GeneralConv2dGradFilterOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> dy = shapeOf(op.getDy()), x = shapeOf(op.getX());
  int64_t height = op.getKernelHeight(), width = op.getKernelWidth(), groups = op.getGroups();
  std::optional<WindowAxes> axes = generalWindows(op, height, width);
  if (!axes || groups < 1 || x[0] != dy[0] || dy[1] % groups || x[1] % groups || axes->rows.outputSize(x[2]) != dy[2] ||
      axes->columns.outputSize(x[3]) != dy[3])
    return broken(loc, "conv2d_general_grad_filter-c1",
                  "a convolution of the input by such a filter has another shape than dy");
  return infer(types, op.getDy(), {dy[1], x[1] / groups, height, width});
}

INFER(SumPartsOp) {
  Adaptor op(operands, attributes, properties, regions);
  SmallVector<int64_t> shape(shapeOf(op.getX()));
  int64_t parts = op.getParts();
  if (shape.empty() || parts < 1 || shape[0] % parts)
    return broken(loc, "sum_parts-c1", "the first axis does not have so many equal parts");
  shape[0] /= parts;
  return infer(types, op.getX(), shape);
}

INFER(LinearGradFilterOp) {
  ArrayRef<int64_t> dy = shapeOf(operands[0]), x = shapeOf(operands[1]);
  if (dy.size() != 2 || x.size() != 2 || dy[0] != x[0])
    return broken(loc, "linear_grad_filter-c1", "dy must be [N, O] and the input [N, K]");
  return infer(types, operands[0], {dy[1], x[1]});
}

INFER(ChannelSumsOp) {
  ArrayRef<int64_t> x = shapeOf(operands[0]);
  if (x.size() < 2)
    return broken(loc, "channel_sums-c1", "the input must have channels");
  return infer(types, operands[0], {x[1]});
}

static LogicalResult inferAlike(std::optional<Location> loc, llvm::StringRef label, ValueRange operands,
                                SmallVectorImpl<Type> &types) {
  if (shapeOf(operands[0]) != shapeOf(operands[1]))
    return broken(loc, label, "both operands must have one shape");
  return infer(types, operands[0], shapeOf(operands[0]));
}

INFER(ReluGradInputOp) { return inferAlike(loc, "relu_grad_input-c1", operands, types); }
INFER(ScaleChannelsOp) { return inferPerChannel(loc, "scale_channels-c1", operands, types); }

INFER(MaxPoolGradInputOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> dy = shapeOf(op.getDy()), x = shapeOf(op.getX());
  std::optional<WindowAxes> axes = poolWindows(op);
  if (!axes || !arePoolWindows(*axes) || x.take_front(2) != dy.take_front(2) || axes->rows.outputSize(x[2]) != dy[2] ||
      axes->columns.outputSize(x[3]) != dy[3])
    return broken(loc, "max_pool_grad_input-c1", "the pooling of the input has another shape than dy");
  return infer(types, op.getX(), x);
}

INFER(GlobalAvgPoolGradInputOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> dy = shapeOf(op.getDy());
  int64_t height = op.getHeight(), width = op.getWidth();
  if (dy.size() != 2 || height < 1 || width < 1)
    return broken(loc, "global_avg_pool_grad_input-c1", "dy must be [N, C], height and width at least 1");
  return infer(types, op.getDy(), {dy[0], dy[1], height, width});
}

INFER(AvgPoolGradInputOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> dy = shapeOf(op.getDy());
  int64_t height = op.getHeight(), width = op.getWidth();
  std::optional<WindowAxes> axes = poolWindows(op);
  if (!axes || !arePoolWindows(*axes) || axes->rows.outputSize(height) != dy[2] || axes->columns.outputSize(width) != dy[3])
    return broken(loc, "avg_pool_grad_input-c1", "the pooling of such a picture has another shape than dy");
  return infer(types, op.getDy(), {dy[0], dy[1], height, width});
}

INFER(UpsampleGradInputOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> dy = shapeOf(op.getDy());
  int64_t factor = op.getFactor();
  if (factor < 1 || dy[2] % factor || dy[3] % factor)
    return broken(loc, "upsample_grad_input-c1", "dy must be a whole number of times the factor high and wide");
  return infer(types, op.getDy(), {dy[0], dy[1], dy[2] / factor, dy[3] / factor});
}

INFER(ReflectPadGradInputOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> dy = shapeOf(op.getDy()), pads = op.getPads();
  bool areFour = pads.size() == 4;
  int64_t height = areFour ? dy[2] - pads[0] - pads[2] : 0, width = areFour ? dy[3] - pads[1] - pads[3] : 0;
  if (!areReflections(pads, height, width))
    return broken(loc, "reflect_pad_grad_input-c1",
                  "there must be four pads, and a picture larger than each becomes of dy's size");
  return infer(types, op.getDy(), {dy[0], dy[1], height, width});
}

INFER(SubsampleGradInputOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> dy = shapeOf(op.getDy());
  int64_t stride = op.getStride(), height = op.getHeight(), width = op.getWidth();
  if (stride < 1 || height < 1 || width < 1 || subsampledSize(height, stride) != dy[2] ||
      subsampledSize(width, stride) != dy[3])
    return broken(loc, "subsample_grad_input-c1", "the subsampling of such a picture has another shape than dy");
  return infer(types, op.getDy(), {dy[0], dy[1], height, width});
}

INFER(TakeChannelsOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> x = shapeOf(op.getX());
  int64_t first = op.getFirst(), count = op.getCount();
  if (first < 0 || count < 1 || first > x[1] - count)
    return broken(loc, "take_channels-c1", "the input has no such channels");
  return infer(types, op.getX(), {x[0], count, x[2], x[3]});
}

INFER(UnflattenOp) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> x = shapeOf(op.getX());
  int64_t channels = op.getChannels(), height = op.getHeight(), width = op.getWidth();
  if (x.size() != 2 || channels < 1 || height < 1 || width < 1 || x[1] != channels * height * width)
    return broken(loc, "unflatten-c1", "the input must be [N, channels * height * width]");
  return infer(types, op.getX(), {x[0], channels, height, width});
}

INFER(SoftmaxGradInputOp) {
  if (shapeOf(operands[0]).size() != 2)
    return broken(loc, "softmax_grad_input-c1", "the operands must be [N, C]");
  return inferAlike(loc, "softmax_grad_input-c1", operands, types);
}
