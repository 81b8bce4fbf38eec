// The built-in operations: their rules in the words of the user's text, then the graph's operations. What passes here verifies.
#include "frontend/Elaborator.h"

#include "ir/graph/GraphShapes.h"

#include <cmath>

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
  case Operation::GroupNorm:
    return buildGroupNorm(op);
  case Operation::Linear:
    return buildLinear(op);
  case Operation::Relu:
    return simple.operator()<graph::ReluOp>();
  case Operation::MaxPool:
    return buildMaxPool(op);
  case Operation::GlobalAvgPool:
    return needsImage(op, 0) ? simple.operator()<graph::GlobalAvgPoolOp>() : Value();
  case Operation::AttentionPool:
    return buildAttentionPool(op);
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
  case Operation::TakeChannels:
    return buildTakeChannels(op);
  case Operation::Unflatten:
    return buildUnflatten(op);
  case Operation::Shortcut:
    return buildShortcut(op);
  case Operation::AvgPool:
    return buildAvgPool(op);
  case Operation::AdaptiveAvgPool:
  case Operation::AdaptiveMaxPool:
    return buildAdaptivePool(op);
  case Operation::Sigmoid:
    return simple.operator()<graph::SigmoidOp>();
  case Operation::Silu:
    return simple.operator()<graph::SiluOp>();
  case Operation::Gelu:
    return simple.operator()<graph::GeluOp>();
  case Operation::HardSigmoid:
    return simple.operator()<graph::HardSigmoidOp>();
  case Operation::HardSwish:
    return simple.operator()<graph::HardSwishOp>();
  case Operation::Mish:
    return simple.operator()<graph::MishOp>();
  case Operation::LeakyRelu:
    return buildLeakyRelu(op);
  case Operation::Prelu:
    return buildPrelu(op);
  case Operation::Mul:
    return buildMul(op);
  case Operation::Shift:
    return buildShift(op);
  case Operation::Concat:
    return buildConcat(op);
  case Operation::Upsample:
    return buildUpsample(op);
  case Operation::ReflectPad:
    return buildReflectPad(op);
  case Operation::Repeat:
    return {};
  case Operation::Channels:
    return Value::ofInteger(op.shape(0)[0]);
  case Operation::Height:
    return needsImage(op, 0) ? Value::ofInteger(op.shape(0)[1]) : Value();
  case Operation::Width:
    return needsImage(op, 0) ? Value::ofInteger(op.shape(0)[2]) : Value();
  case Operation::Min:
    return compute(TokenKind::LessEqual, *op.values[0], *op.values[1]).value.boolean ? *op.values[0] : *op.values[1];
  case Operation::Max:
    return compute(TokenKind::GreaterEqual, *op.values[0], *op.values[1]).value.boolean ? *op.values[0] : *op.values[1];
  case Operation::Floor:
    return wholeNumber(op, std::floor(op.values[0]->asReal()));
  case Operation::Ceil:
    return wholeNumber(op, std::ceil(op.values[0]->asReal()));
  case Operation::Round:
    return wholeNumber(op, std::round(op.values[0]->asReal()));
  }
  return {};
}

/// Rule round-1: whole numbers stay what they are, and the result must fit in 64 bits.
Value Elaborator::wholeNumber(OperationCall &op, double rounded) {
  if (op.values[0]->kind == Value::Kind::Integer)
    return *op.values[0];
  if (std::abs(rounded) < 0x1p63)
    return Value::ofInteger(static_cast<int64_t>(rounded));
  report(diag::overflow, op.call.range, {op.info.name.str()}, op.frame);
  return {};
}

/// Rule bn-1: `eps` is 1e-5.
Value Elaborator::buildBatchNorm(OperationCall &op) {
  double epsilon = op.realOr(1, 1e-5);
  if (!(epsilon > 0 && epsilon <= 1)) {
    report(diag::outOfRange, op.ranges[1], {"eps", "above 0 and at most 1", op.values[1]->str()}, op.frame, op.info.name)
        .note(op.ranges[1], "of the channels nothing is said: they are those of the tensor that goes in");
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

/// Rules group_norm-1 to group_norm-3: the groups divide the channels, `eps` is 1e-5, and the moments have a name.
Value Elaborator::buildGroupNorm(OperationCall &op) {
  int64_t channels = op.shape(0)[0], groups = op.integer(1);
  if (channels % groups != 0) {
    report(diag::channelGroups, op.ranges[1],
           {std::to_string(groups), "the " + std::to_string(channels) + " channels of the input"}, op.frame, op.info.name)
        .note(op.values[0]->origin, "the input is made here: " + shapeText(op.shape(0)));
    return {};
  }
  double epsilon = op.realOr(2, 1e-5);
  if (!(epsilon > 0 && epsilon <= 1)) {
    report(diag::outOfRange, op.ranges[2], {"eps", "above 0 and at most 1", op.values[2]->str()}, op.frame, op.info.name);
    return {};
  }
  std::optional<std::string> name = nameOf(op);
  std::optional<mlir::Value> gamma = name ? parameter(op, *name, "weight", {channels}) : std::nullopt;
  std::optional<mlir::Value> beta = gamma ? parameter(op, *name, "bias", {channels}) : std::nullopt;
  if (!beta)
    return {};
  std::string ofMoments = builder.freeName(*name + ".moments", op.call.range);
  mlir::Value moments = builder.add<graph::MomentsOp>(ofMoments, op.at(), op.tensor(0));
  mlir::Value y = builder.add<graph::GroupNormOp>(*name, op.at(), op.tensor(0), moments, *gamma, *beta,
                                                  builder.attributes().getI64IntegerAttr(groups),
                                                  builder.attributes().getF64FloatAttr(epsilon));
  withoutGradient[y.getDefiningOp()] = {op.info.name, op.call.range};
  return made(op, y);
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

/// Rule leaky_relu-1: `slope` is 0.01.
Value Elaborator::buildLeakyRelu(OperationCall &op) {
  std::optional<std::string> name = nameOf(op);
  auto slope = builder.attributes().getF64FloatAttr(op.realOr(1, 0.01));
  return name ? made(op, builder.add<graph::LeakyReluOp>(*name, op.at(), op.tensor(0), slope)) : Value();
}

Value Elaborator::buildPrelu(OperationCall &op) {
  std::optional<std::string> name = nameOf(op);
  std::optional<mlir::Value> slope = name ? parameter(op, *name, "weight", {op.shape(0)[0]}) : std::nullopt;
  return slope ? made(op, builder.add<graph::PreluOp>(*name, op.at(), op.tensor(0), *slope)) : Value();
}

/// Rule mul-1: the scale is [channels] or [channels, 1, 1], or has the shape of `x`.
Value Elaborator::buildMul(OperationCall &op) {
  llvm::ArrayRef<int64_t> x = op.shape(0), scale = op.shape(1);
  bool isVector = scale.size() == 1 || (scale.size() == 3 && scale[1] == 1 && scale[2] == 1);
  bool isAlike = scale == x;
  if (!isAlike && (!isVector || scale[0] != x[0])) {
    report(diag::mulScale, op.call.callee.range, {shapeText(x), std::to_string(x[0]), shapeText(scale)}, op.frame, op.info.name)
        .note(op.values[1]->origin, "the scale is made here: " + shapeText(scale));
    return {};
  }
  std::optional<std::string> name = nameOf(op);
  if (!name)
    return {};
  return made(op, isAlike && !isVector ? builder.add<graph::MultiplyOp>(*name, op.at(), op.tensor(0), op.tensor(1))
                                       : builder.add<graph::MulOp>(*name, op.at(), op.tensor(0), op.tensor(1)));
}

/// Rule shift-1: the offset is [channels] or [channels, 1, 1].
Value Elaborator::buildShift(OperationCall &op) {
  if (!needsImage(op, 0))
    return {};
  llvm::ArrayRef<int64_t> x = op.shape(0), offset = op.shape(1);
  bool isOnePixel = offset.size() == 1 || (offset[1] == 1 && offset[2] == 1);
  if (!isOnePixel || offset[0] != x[0]) {
    report(diag::shiftOffset, op.call.callee.range, {shapeText(x), std::to_string(x[0]), shapeText(offset)}, op.frame,
           op.info.name)
        .note(op.values[1]->origin, "the offset is made here: " + shapeText(offset));
    return {};
  }
  std::optional<std::string> name = nameOf(op);
  return name ? made(op, builder.add<graph::ShiftOp>(*name, op.at(), op.tensor(0), op.tensor(1))) : Value();
}

Value Elaborator::buildConcat(OperationCall &op) {
  llvm::SmallVector<mlir::Value, 8> inputs;
  int64_t channels = 0;
  for (size_t i = 0; i < op.values.size(); ++i) {
    if (!op.values[i])
      continue;
    if (!needsImage(op, i))
      return {};
    if (op.shape(i).drop_front() != op.shape(0).drop_front()) {
      report(diag::concatShapes, op.ranges[i], {shapeText(op.shape(0)), shapeText(op.shape(i))}, op.frame, op.info.name)
          .note(op.values[0]->origin, "the first is made here: " + shapeText(op.shape(0)))
          .note(op.values[i]->origin, "this one is made here: " + shapeText(op.shape(i)));
      return {};
    }
    inputs.push_back(op.tensor(i));
    channels += op.shape(i)[0];
  }
  if (!fits({channels, op.shape(0)[1], op.shape(0)[2]}, op.call.callee.range, op.frame))
    return {};
  std::optional<std::string> name = nameOf(op);
  return name ? made(op, builder.add<graph::ConcatOp>(*name, op.at(), mlir::ValueRange(inputs))) : Value();
}

static constexpr int64_t mostFactor = 64; // kernels have code for each pixel of a factor

/// Rule upsample-1: `mode` is nearest, and the factor at most 64.
Value Elaborator::buildUpsample(OperationCall &op) {
  if (!needsImage(op, 0))
    return {};
  llvm::StringRef mode = op.values[2] ? op.values[2]->name : "nearest";
  if (mode != "nearest" && mode != "bilinear") {
    report(diag::notAChoice, op.ranges[2], {"mode", "`nearest` or `bilinear`", mode.str()}, op.frame, op.info.name);
    return {};
  }
  llvm::ArrayRef<int64_t> x = op.shape(0);
  int64_t factor = op.integer(1);
  if (factor > mostFactor) {
    std::string most = "at most " + std::to_string(mostFactor);
    report(diag::outOfRange, op.ranges[1], {"factor", most, op.values[1]->str()}, op.frame, op.info.name);
    return {};
  }
  if (!fits({x[0], x[1] * factor, x[2] * factor}, op.call.callee.range, op.frame))
    return {};
  std::optional<std::string> name = nameOf(op);
  return name ? made(op, builder.add<graph::UpsampleOp>(*name, op.at(), op.tensor(0), factor, mode == "bilinear")) : Value();
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

/// Rule take_channels-1: the image has these channels.
Value Elaborator::buildTakeChannels(OperationCall &op) {
  if (!needsImage(op, 0))
    return {};
  llvm::ArrayRef<int64_t> shape = op.shape(0);
  int64_t first = op.integer(1), count = op.integer(2);
  if (first > shape[0] - count) {
    report(diag::noSuchChannels, op.call.callee.range, {std::to_string(first), std::to_string(count), shapeText(shape)},
           op.frame, op.info.name)
        .note(op.values[0]->origin, "the image is made here: " + shapeText(shape));
    return {};
  }
  std::optional<std::string> name = nameOf(op);
  return name ? made(op, builder.add<graph::TakeChannelsOp>(*name, op.at(), op.tensor(0), first, count)) : Value();
}

/// Rule unflatten-1: the image has as many elements as the vector.
Value Elaborator::buildUnflatten(OperationCall &op) {
  if (!needsVector(op, 0))
    return {};
  int64_t sizes[] = {op.integer(1), op.integer(2), op.integer(3)};
  if (!fits(sizes, op.call.callee.range, op.frame))
    return {};
  if (sizes[0] * sizes[1] * sizes[2] != op.shape(0)[0]) {
    report(diag::unflattenSizes, op.call.callee.range, {std::to_string(op.shape(0)[0]), shapeText(sizes)}, op.frame,
           op.info.name)
        .note(op.values[0]->origin, "the vector is made here");
    return {};
  }
  std::optional<std::string> name = nameOf(op);
  return name ? made(op, builder.add<graph::UnflattenOp>(*name, op.at(), op.tensor(0), sizes[0], sizes[1], sizes[2])) : Value();
}

Value Elaborator::buildAdd(const Value &a, const Value &b, llvm::SMRange at, const std::string &name) {
  return Value::ofTensor(builder.add<graph::AddOp>(name, at.Start, a.tensor, b.tensor), at);
}
