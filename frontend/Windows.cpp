// Convolutions, pools and what pads for them: the operations with windows.
#include "frontend/Elaborator.h"

#include "ir/graph/GraphShapes.h"

using namespace skip;
using namespace skip::frontend;
using Pair = OperationCall::Pair;
using Quad = OperationCall::Quad;

static Value made(OperationCall &op, std::optional<mlir::Value> result) {
  return result ? Value::ofTensor(*result, op.call.range) : Value();
}

static std::string padText(const Quad &pad) {
  bool isOne = pad[0] == pad[1] && pad[1] == pad[2] && pad[2] == pad[3];
  return isOne ? std::to_string(pad[0]) : shapeText(pad);
}

void Elaborator::reportWindow(OperationCall &op, Pair kernel, llvm::StringRef pad, llvm::ArrayRef<int64_t> shape) {
  std::string window = std::to_string(kernel[0]) + " x " + std::to_string(kernel[1]);
  report(diag::windowTooLarge, op.call.callee.range, {window, shapeText(shape), pad.str()}, op.frame, op.info.name)
      .note(op.values[0]->origin, "the image is made here: " + shapeText(shape));
}

bool Convolution::isPlain() const {
  bool onePad = pad[0] == pad[1] && pad[1] == pad[2] && pad[2] == pad[3];
  return kernel[0] == kernel[1] && stride[0] == stride[1] && onePad && groups == 1 && dilation == Pair{1, 1};
}

/// The padding that keeps the size of a picture that a window of an odd number of pixels goes over.
static Pair samePadding(Pair kernel, Pair dilation = {1, 1}) {
  return {dilation[0] * (kernel[0] - 1) / 2, dilation[1] * (kernel[1] - 1) / 2};
}

/// Of values that the checks of arguments let through, whose product may be too large.
static bool isSmall(Pair pair) { return pair[0] < (int64_t(1) << 20) && pair[1] < (int64_t(1) << 20); }

/// Rules conv-1 to conv-4: `pad` is floor(dilation (kernel - 1) / 2), there is no bias, one group and no dilation.
Value Elaborator::buildConv(OperationCall &op) {
  if (!needsImage(op, 0))
    return {};
  std::optional<std::string> name = nameOf(op);
  if (!name)
    return {};
  Pair kernel = op.pair(2), dilation = op.pairOr(7, {1, 1});
  Pair same = isSmall(kernel) && isSmall(dilation) ? samePadding(kernel, dilation) : Pair{};
  return made(op, convolve(op, *name, op.tensor(0),
                           {.channels = op.integer(1),
                            .kernel = kernel,
                            .stride = op.pairOr(3, {1, 1}),
                            .dilation = dilation,
                            .pad = op.quadOr(4, same),
                            .groups = op.integerOr(6, 1),
                            .bias = op.booleanOr(5, false)}));
}

std::optional<mlir::Value> Elaborator::convolve(OperationCall &op, llvm::StringRef name, mlir::Value x,
                                                const Convolution &sizes) {
  llvm::ArrayRef<int64_t> shape = llvm::cast<mlir::RankedTensorType>(x.getType()).getShape().drop_front();
  if (shape[0] % sizes.groups || sizes.channels % sizes.groups) {
    std::string what = shape[0] % sizes.groups ? "the " + std::to_string(shape[0]) + " channels of the input"
                                               : std::to_string(sizes.channels) + " output channels";
    report(diag::channelGroups, op.ranges[6], {std::to_string(sizes.groups), what}, op.frame, op.info.name)
        .note(op.values[0]->origin, "the image is made here: " + shapeText(shape));
    return std::nullopt;
  }
  graph::WindowAxes axes =
      *graph::windowAxes({.kernel = sizes.kernel, .strides = sizes.stride, .dilations = sizes.dilation, .pads = sizes.pad});
  std::optional<int64_t> height = axes.rows.outputSize(shape[1]), width = axes.columns.outputSize(shape[2]);
  if (!height || !width) {
    reportWindow(op, sizes.kernel, padText(sizes.pad), shape);
    return std::nullopt;
  }
  int64_t filterShape[] = {sizes.channels, shape[0] / sizes.groups, sizes.kernel[0], sizes.kernel[1]};
  if (!fits({sizes.channels, *height, *width}, op.call.callee.range, op.frame) ||
      !isAffordable(op, filterShape, shape, {sizes.channels, *height, *width}))
    return std::nullopt;
  std::optional<mlir::Value> filter = parameter(op, name, "weight", filterShape);
  std::optional<mlir::Value> offset = mlir::Value();
  if (filter && sizes.bias)
    offset = parameter(op, name, "bias", {sizes.channels});
  if (!filter || !offset)
    return std::nullopt;
  if (sizes.isPlain())
    return builder.add<graph::Conv2dOp>(name, op.at(), x, *filter, *offset, sizes.stride[0], sizes.pad[0]);
  mlir::OpBuilder &attributes = builder.attributes();
  return builder.add<graph::GeneralConv2dOp>(name, op.at(), x, *filter, *offset, attributes.getDenseI64ArrayAttr(sizes.stride),
                                             attributes.getDenseI64ArrayAttr(sizes.dilation),
                                             attributes.getDenseI64ArrayAttr(sizes.pad),
                                             attributes.getI64IntegerAttr(sizes.groups));
}

/// At most half the kernel is padded, so that each window has a pixel of the image.
std::optional<PoolWindow> Elaborator::poolWindow(OperationCall &op, Pair kernel, Pair stride) {
  PoolWindow window{kernel, stride, op.quadOr(3, samePadding(kernel)), op.booleanOr(4, false)};
  const Quad &pad = window.pad;
  if (std::max(pad[0], pad[2]) > kernel[0] / 2 || std::max(pad[1], pad[3]) > kernel[1] / 2) {
    std::string size = kernel[0] == kernel[1] ? std::to_string(kernel[0]) : shapeText(kernel);
    report(diag::poolPadding, op.ranges[3], {size, padText(pad), op.info.name.str()}, op.frame, op.info.name);
    return std::nullopt;
  }
  graph::WindowAxes axes = *graph::windowAxes({kernel, stride, Pair{1, 1}, pad, window.ceil});
  if (axes.rows.outputSize(op.shape(0)[1]) && axes.columns.outputSize(op.shape(0)[2]))
    return window;
  reportWindow(op, kernel, padText(pad), op.shape(0));
  return std::nullopt;
}

/// Rule max_pool-1: `pad` is floor((kernel - 1) / 2), at most half the kernel; positions outside the image do not count.
Value Elaborator::buildMaxPool(OperationCall &op) {
  if (!needsImage(op, 0))
    return {};
  std::optional<PoolWindow> window = poolWindow(op, op.pair(1), op.pair(2));
  std::optional<std::string> name = window ? nameOf(op) : std::nullopt;
  return name ? made(op, builder.add<graph::MaxPoolOp>(*name, op.at(), op.tensor(0), window->kernel, window->stride,
                                                       window->pad, window->ceil))
              : Value();
}

/// Rule avg_pool-1: `stride` is the kernel, `pad` floor((kernel - 1) / 2), at most half the kernel; the padding counts.
Value Elaborator::buildAvgPool(OperationCall &op) {
  if (!needsImage(op, 0))
    return {};
  std::optional<PoolWindow> window = poolWindow(op, op.pair(1), op.pairOr(2, op.pair(1)));
  std::optional<std::string> name = window ? nameOf(op) : std::nullopt;
  return name ? made(op, builder.add<graph::AvgPoolOp>(*name, op.at(), op.tensor(0), window->kernel, window->stride,
                                                       window->pad, window->ceil, op.booleanOr(5, true), /*sum=*/false))
              : Value();
}

/// Rule reflect_pad-1: `pad` is less than the image's size along each axis.
Value Elaborator::buildReflectPad(OperationCall &op) {
  if (!needsImage(op, 0))
    return {};
  llvm::ArrayRef<int64_t> shape = op.shape(0);
  Quad pad = op.quadOr(1, {0, 0});
  if (std::max(pad[0], pad[2]) >= shape[1] || std::max(pad[1], pad[3]) >= shape[2]) {
    report(diag::reflectPadding, op.ranges[1], {padText(pad), shapeText(shape)}, op.frame, op.info.name)
        .note(op.values[0]->origin, "the image is made here: " + shapeText(shape));
    return {};
  }
  if (!fits({shape[0], pad[0] + shape[1] + pad[2], pad[1] + shape[2] + pad[3]}, op.call.callee.range, op.frame))
    return {};
  std::optional<std::string> name = nameOf(op);
  return name ? made(op, builder.add<graph::ReflectPadOp>(*name, op.at(), op.tensor(0), pad)) : Value();
}

/// Rule attention_pool-1: the logits are an image of one channel, as high and wide as `x`.
Value Elaborator::buildAttentionPool(OperationCall &op) {
  if (!needsImage(op, 0) || !needsImage(op, 1))
    return {};
  llvm::ArrayRef<int64_t> x = op.shape(0), logits = op.shape(1);
  if (logits[0] != 1 || logits.drop_front() != x.drop_front()) {
    report(diag::attentionLogits, op.call.callee.range, {shapeText(x), shapeText({1, x[1], x[2]}), shapeText(logits)}, op.frame,
           op.info.name)
        .note(op.values[1]->origin, "the logits are made here: " + shapeText(logits));
    return {};
  }
  std::optional<std::string> name = nameOf(op);
  if (!name)
    return {};
  mlir::Value y = builder.add<graph::AttentionPoolOp>(*name, op.at(), op.tensor(0), op.tensor(1));
  withoutGradient[y.getDefiningOp()] = {op.info.name, op.call.range};
  return made(op, y);
}

/// Rule adaptive-1: the windows are of one size, and the result is `size` high and wide.
Value Elaborator::buildAdaptivePool(OperationCall &op) {
  if (!needsImage(op, 0))
    return {};
  Pair size = op.pair(1), window;
  llvm::ArrayRef<int64_t> shape = op.shape(0);
  for (size_t axis : {0, 1})
    window[axis] = shape[axis + 1] / size[axis];
  if (shape[1] % size[0] != 0 || shape[2] % size[1] != 0) {
    report(diag::adaptiveSize, op.ranges[1],
           {op.info.name.str(), shapeText(shape), std::to_string(size[0]) + " x " + std::to_string(size[1])}, op.frame,
           op.info.name)
        .note(op.values[0]->origin, "the image is made here: " + shapeText(shape));
    return {};
  }
  std::optional<std::string> name = nameOf(op);
  if (!name)
    return {};
  if (op.info.operation == Operation::AdaptiveMaxPool)
    return made(op, builder.add<graph::MaxPoolOp>(*name, op.at(), op.tensor(0), window, window, Quad{}, /*ceil=*/false));
  return made(op, builder.add<graph::AvgPoolOp>(*name, op.at(), op.tensor(0), window, window, Quad{}, /*ceil=*/false,
                                                /*include_pad=*/false, /*sum=*/false));
}
