// `shortcut(x, like = y, option = A|B|C)`: section 3.3 of "Deep Residual Learning". It gives x the shape of y.
//
// The stride s is the smallest with ceil(H / s) = h and ceil(W / s) = w. With the strides of residual networks (1 and 2) that
// is the branch's own stride; `stride = s` says it where a larger one could be read in two ways (5 rows to 2: 3 or 4).
//   A: every s-th row and column, then floor(d / 2) of the d missing channels as zeros before, the rest after.
//   B: a 1x1 convolution with that stride and a batch norm where shapes differ, x itself where they do not.
//   C: the convolution and the batch norm always.
#include "frontend/Elaborator.h"

#include "ir/graph/GraphShapes.h"

#include "llvm/Support/MathExtras.h"

using namespace skip;
using namespace skip::frontend;

/// The smallest s with ceil(size / s) == wanted; 0 when there is none.
static int64_t smallestStride(int64_t size, int64_t wanted) {
  int64_t stride = llvm::divideCeil(size, wanted);
  return graph::subsampledSize(size, stride) == wanted ? stride : 0;
}

std::optional<int64_t> Elaborator::shortcutStride(OperationCall &op) {
  llvm::ArrayRef<int64_t> x = op.shape(0), like = op.shape(1);
  auto leads = [&](int64_t stride) {
    return stride > 0 && graph::subsampledSize(x[1], stride) == like[1] && graph::subsampledSize(x[2], stride) == like[2];
  };
  if (op.values[3]) {
    int64_t stride = op.integer(3);
    if (leads(stride))
      return stride;
    std::string size = shapeText({graph::subsampledSize(x[1], stride), graph::subsampledSize(x[2], stride)});
    report(diag::shortcutStride, op.ranges[3],
           {std::to_string(stride), size, shapeText(x.drop_front()), shapeText(like.drop_front())}, op.frame, op.info.name)
        .note(op.values[0]->origin, "`x` is made here: " + shapeText(x))
        .note(op.values[1]->origin, "`like` is made here: " + shapeText(like));
    return std::nullopt;
  }
  // Each direction allows a range of strides, so the larger of the two smallest is the smallest common one, if there is one.
  int64_t stride = std::max(smallestStride(x[1], like[1]), smallestStride(x[2], like[2]));
  if (leads(stride))
    return stride;
  report(diag::shortcutSizes, op.call.callee.range, {shapeText(x), shapeText(like)}, op.frame, op.info.name)
      .note(op.values[0]->origin, "`x` is made here: " + shapeText(x))
      .note(op.values[1]->origin, "`like` is made here: " + shapeText(like));
  return std::nullopt;
}

Value Elaborator::buildShortcut(OperationCall &op) {
  if (!needsImage(op, 0) || !needsImage(op, 1))
    return {};
  llvm::StringRef option = op.values[2] ? op.values[2]->name : "B";
  if (option != "A" && option != "B" && option != "C") {
    report(diag::notAChoice, op.ranges[2], {"option", "`A`, `B` or `C`", option.str()}, op.frame, op.info.name);
    return {};
  }
  std::optional<int64_t> stride = shortcutStride(op);
  if (!stride)
    return {};
  bool fitsAlready = *stride == 1 && op.shape(0) == op.shape(1);
  if (fitsAlready && option != "C")
    return *op.values[0];
  return option == "A" ? zeroPadShortcut(op, *stride) : projectShortcut(op, *stride);
}

Value Elaborator::zeroPadShortcut(OperationCall &op, int64_t stride) {
  llvm::ArrayRef<int64_t> x = op.shape(0), like = op.shape(1);
  int64_t missing = like[0] - x[0];
  if (missing < 0) {
    report(diag::shortcutChannels, op.call.callee.range, {shapeText(x), shapeText(like)}, op.frame, op.info.name)
        .note(op.values[0]->origin, "`x` is made here: " + shapeText(x))
        .note(op.values[1]->origin, "`like` is made here: " + shapeText(like));
    return {};
  }
  llvm::StringRef label = op.call.label.text.empty() ? llvm::StringRef(op.info.name) : op.call.label.text;
  std::string path = op.call.ownName ? op.frame.path : joined(op.frame.path, label);
  mlir::Value result = op.tensor(0);
  if (stride > 1)
    result = builder.add<graph::SubsampleOp>(builder.freeName(joined(path, "subsample"), op.call.callee.range), op.at(), result,
                                             stride);
  if (missing > 0)
    result = builder.add<graph::PadChannelsOp>(builder.freeName(joined(path, "pad_channels"), op.call.callee.range), op.at(),
                                               result, missing / 2, missing - missing / 2);
  return Value::ofTensor(result, op.call.range);
}

/// Rule shortcut-4: the projection's parameters are `downsample.0` and `downsample.1`, or those of the call's own label.
Value Elaborator::projectShortcut(OperationCall &op, int64_t stride) {
  std::optional<std::string> path =
      op.call.label.text.empty() ? joined(op.frame.path, "downsample") : pathOf(op.call, op.frame);
  std::optional<std::string> conv = path ? takeName(joined(*path, "0"), op.call.callee.range, op.frame) : std::nullopt;
  std::optional<std::string> norm = conv ? takeName(joined(*path, "1"), op.call.callee.range, op.frame) : std::nullopt;
  if (!norm)
    return {};
  std::optional<mlir::Value> projected =
      convolve(op, *conv, op.tensor(0), {.channels = op.shape(1)[0], .stride = {stride, stride}});
  std::optional<mlir::Value> normalized = projected ? normalize(op, *norm, *projected, 1e-5) : std::nullopt;
  return normalized ? Value::ofTensor(*normalized, op.call.range) : Value();
}
