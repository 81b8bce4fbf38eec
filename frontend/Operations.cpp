// The built-in operations: their rules in the words of the user's text, then the graph's operations. What passes here verifies.
#include "frontend/Elaborator.h"

#include "ir/graph/GraphShapes.h"

using namespace skip;
using namespace skip::frontend;

static Value made(OperationCall &op, std::optional<mlir::Value> result) {
  return result ? Value::ofTensor(*result, op.call.range) : Value();
}

Value Elaborator::buildOperation(OperationCall &op) {
  auto simple = [&]<typename Op>() {
    std::optional<std::string> name = nameOf(op);
    return name ? made(op, builder.add<Op>(*name, op.at(), op.tensor(0))) : Value();
  };
  switch (op.info.operation) {
  case Operation::Conv:
    return buildConv(op);
  case Operation::BatchNorm:
    return buildBatchNorm(op);
  case Operation::Linear:
    return buildLinear(op);
  case Operation::Relu:
    return simple.operator()<graph::ReluOp>();
  case Operation::MaxPool:
    return buildMaxPool(op);
  case Operation::GlobalAvgPool:
    return needsImage(op, 0) ? simple.operator()<graph::GlobalAvgPoolOp>() : Value();
  case Operation::Flatten:
    return simple.operator()<graph::FlattenOp>();
  case Operation::Dropout:
    return buildDropout(op);
  case Operation::Softmax:
    return needsVector(op, 0) ? simple.operator()<graph::SoftmaxOp>() : Value();
  case Operation::Add: {
    if (op.shape(0) == op.shape(1)) {
      std::optional<std::string> name = nameOf(op);
      return name ? buildAdd(*op.values[0], *op.values[1], op.call.range, *name) : Value();
    }
    report(diag::shapesDiffer, op.call.callee.range, {shapeText(op.shape(0)), shapeText(op.shape(1))}, op.frame, op.info.name)
        .note(op.values[0]->origin, "the left side is made here: " + shapeText(op.shape(0)))
        .note(op.values[1]->origin, "the right side is made here: " + shapeText(op.shape(1)));
    return {};
  }
  case Operation::Subsample: {
    std::optional<std::string> name = needsImage(op, 0) ? nameOf(op) : std::nullopt;
    return name ? made(op, builder.add<graph::SubsampleOp>(*name, op.at(), op.tensor(0), op.integer(1))) : Value();
  }
  case Operation::PadChannels:
    return buildPadChannels(op);
  case Operation::Shortcut:
    return buildShortcut(op);
  case Operation::Repeat:
    return {};
  case Operation::Channels:
    return Value::ofInteger(op.shape(0)[0]);
  case Operation::Height:
    return needsImage(op, 0) ? Value::ofInteger(op.shape(0)[1]) : Value();
  case Operation::Width:
    return needsImage(op, 0) ? Value::ofInteger(op.shape(0)[2]) : Value();
  }
  return {};
}

/// Rules conv-1 to conv-3: `pad` is floor((kernel - 1) / 2), there is no bias, output size floor((H + 2 pad - kernel) / stride)
/// + 1.
Value Elaborator::buildConv(OperationCall &op) {
  int64_t kernel = op.integer(2);
  if (!needsImage(op, 0))
    return {};
  std::optional<std::string> name = nameOf(op);
  if (!name)
    return {};
  return made(op, convolve(op, *name, op.tensor(0), op.integer(1), kernel, op.integerOr(3, 1),
                           op.integerOr(4, (kernel - 1) / 2), op.booleanOr(5, false)));
}

std::optional<mlir::Value> Elaborator::convolve(OperationCall &op, llvm::StringRef name, mlir::Value x, int64_t channels,
                                                int64_t kernel, int64_t stride, int64_t pad, bool bias) {
  llvm::ArrayRef<int64_t> shape = llvm::cast<mlir::RankedTensorType>(x.getType()).getShape().drop_front();
  std::optional<int64_t> height = graph::windowOutputSize(shape[1], kernel, stride, pad);
  std::optional<int64_t> width = graph::windowOutputSize(shape[2], kernel, stride, pad);
  if (!height || !width) {
    report(diag::windowTooLarge, op.call.callee.range, {std::to_string(kernel), shapeText(shape), std::to_string(pad)},
           op.frame, op.info.name)
        .note(op.values[0]->origin, "the image is made here: " + shapeText(shape));
    return std::nullopt;
  }
  if (!fits({channels, *height, *width}, op.call.callee.range, op.frame))
    return std::nullopt;
  if (!isAffordable(op, shape, {channels, *height, *width}, kernel))
    return std::nullopt;
  std::optional<mlir::Value> filter = parameter(op, name, "weight", {channels, shape[0], kernel, kernel});
  std::optional<mlir::Value> offset = mlir::Value();
  if (filter && bias)
    offset = parameter(op, name, "bias", {channels});
  if (!filter || !offset)
    return std::nullopt;
  return builder.add<graph::Conv2dOp>(name, op.at(), x, *filter, *offset, stride, pad);
}

/// Rule bn-1: `eps` is 1e-5.
Value Elaborator::buildBatchNorm(OperationCall &op) {
  double epsilon = op.realOr(1, 1e-5);
  if (!(epsilon > 0 && epsilon <= 1)) {
    report(diag::outOfRange, op.ranges[1], {"eps", "above 0 and at most 1", op.values[1]->str()}, op.frame, op.info.name);
    return {};
  }
  std::optional<std::string> name = nameOf(op);
  return name ? made(op, normalize(op, *name, op.tensor(0), epsilon)) : Value();
}

std::optional<mlir::Value> Elaborator::normalize(OperationCall &op, llvm::StringRef name, mlir::Value x, double epsilon) {
  int64_t channels = llvm::cast<mlir::RankedTensorType>(x.getType()).getDimSize(1);
  llvm::SmallVector<mlir::Value, 4> vectors;
  for (llvm::StringRef suffix : {"weight", "bias", "running_mean", "running_var"}) {
    std::optional<mlir::Value> vector = parameter(op, name, suffix, {channels}, suffix.starts_with("running"));
    if (!vector)
      return std::nullopt;
    vectors.push_back(*vector);
  }
  return builder.add<graph::BatchNormOp>(name, op.at(), x, vectors[0], vectors[1], vectors[2], vectors[3],
                                         builder.attributes().getF64FloatAttr(epsilon));
}

/// Rule linear-1: there is a bias unless `bias = false`.
Value Elaborator::buildLinear(OperationCall &op) {
  if (!needsVector(op, 0))
    return {};
  int64_t features = op.integer(1);
  std::optional<std::string> name = nameOf(op);
  if (!name)
    return {};
  std::optional<mlir::Value> filter = parameter(op, *name, "weight", {features, op.shape(0)[0]});
  std::optional<mlir::Value> offset = mlir::Value();
  if (filter && op.booleanOr(2, true))
    offset = parameter(op, *name, "bias", {features});
  if (!filter || !offset)
    return {};
  return made(op, builder.add<graph::LinearOp>(*name, op.at(), op.tensor(0), *filter, *offset));
}

/// Rule max_pool-1: `pad` is floor((kernel - 1) / 2), at most half the kernel; positions outside the image do not count.
Value Elaborator::buildMaxPool(OperationCall &op) {
  if (!needsImage(op, 0))
    return {};
  int64_t kernel = op.integer(1), stride = op.integer(2), pad = op.integerOr(3, (kernel - 1) / 2);
  if (pad > kernel / 2) {
    report(diag::poolPadding, op.ranges[3], {std::to_string(kernel), std::to_string(pad)}, op.frame, op.info.name);
    return {};
  }
  if (!graph::windowOutputSize(op.shape(0)[1], kernel, stride, pad) ||
      !graph::windowOutputSize(op.shape(0)[2], kernel, stride, pad)) {
    report(diag::windowTooLarge, op.call.callee.range, {std::to_string(kernel), shapeText(op.shape(0)), std::to_string(pad)},
           op.frame, op.info.name)
        .note(op.values[0]->origin, "the image is made here: " + shapeText(op.shape(0)));
    return {};
  }
  std::optional<std::string> name = nameOf(op);
  return name ? made(op, builder.add<graph::MaxPoolOp>(*name, op.at(), op.tensor(0), kernel, stride, pad)) : Value();
}

Value Elaborator::buildDropout(OperationCall &op) {
  double rate = op.realOr(1, 0.5);
  if (!(rate >= 0 && rate < 1)) {
    report(diag::outOfRange, op.ranges[1], {"rate", "at least 0 and below 1", op.values[1]->str()}, op.frame, op.info.name);
    return {};
  }
  std::optional<std::string> name = nameOf(op);
  return name
             ? made(op, builder.add<graph::DropoutOp>(*name, op.at(), op.tensor(0), builder.attributes().getF64FloatAttr(rate)))
             : Value();
}

Value Elaborator::buildPadChannels(OperationCall &op) {
  if (!needsImage(op, 0))
    return {};
  llvm::ArrayRef<int64_t> shape = op.shape(0);
  if (!fits({op.integer(1) + shape[0] + op.integer(2), shape[1], shape[2]}, op.call.callee.range, op.frame))
    return {};
  std::optional<std::string> name = nameOf(op);
  return name ? made(op, builder.add<graph::PadChannelsOp>(*name, op.at(), op.tensor(0), op.integer(1), op.integer(2)))
              : Value();
}

Value Elaborator::buildAdd(const Value &a, const Value &b, llvm::SMRange at, const std::string &name) {
  return Value::ofTensor(builder.add<graph::AddOp>(name, at.Start, a.tensor, b.tensor), at);
}
