// The gradient of a strided convolution's input, as a convolution of stride 1: dy spread out to where the convolution would
// have had its results with stride 1, zeros between, then as there.
//
//   dx = conv2d_grad_input dy, w stride s padding p     z = subsample_grad_input dy stride s
//                                                       dx = conv2d z, (transpose_filter w margin m) padding k - 1 - p + m
//
// Where p is as wide as the window or wider, the outermost results saw nothing but zeros, and k - 1 - p is negative. A margin
// of m = p - k + 1 zeros around the window passes over them; else m is 0.
//
// Where the picture is stride times as large as dy, as of even pictures, no zeros are multiplied: a kernel of its own adds only
// the taps that meet a pixel (codegen/x86/kernel/TransposedConv.cpp).
//
//   dx = conv2d_transposed dy, (transpose_filter w) stride s padding p
//
// A window of one pixel without padding meets no zeros but its own, so there the pixels are computed first and then spread
// out: of stride 2 with a quarter of the multiplications.
#include "passes/graph/Passes.h"

#include "ir/graph/Graph.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include <algorithm>

namespace skip::graph {
#define GEN_PASS_DEF_EXPANDSTRIDEDGRADIENTS
#include "passes/graph/Passes.h.inc"
} // namespace skip::graph

using namespace mlir;
using namespace skip;

static Location named(Location otherwise, llvm::StringRef name, llvm::StringRef suffix) {
  return name.empty() ? otherwise : NameLoc::get(StringAttr::get(otherwise.getContext(), name + "." + suffix));
}

static Value transposed(OpBuilder &builder, graph::Conv2dGradInputOp grad, int64_t margin) {
  Location loc = named(grad.getLoc(), graph::valueName(grad.getFilter()), "transposed");
  return graph::TransposeFilterOp::create(builder, loc, grad.getFilter(), margin);
}

/// Of a window of one pixel without padding.
static void expandPixels(graph::Conv2dGradInputOp grad) {
  OpBuilder builder(grad);
  Location loc = grad.getLoc();
  Value pixels = graph::Conv2dOp::create(builder, named(loc, graph::valueName(loc), "pixels"), grad.getDy(),
                                         transposed(builder, grad, 0), Value(), 1, 0);
  Value dx = graph::SubsampleGradInputOp::create(builder, loc, pixels, grad.getStride(), grad.getHeight(), grad.getWidth());
  grad.getY().replaceAllUsesWith(dx);
  grad.erase();
}

/// Whether each pixel of the picture is met by some tap, and the picture is a multiple of dy.
static bool isMultiple(graph::Conv2dGradInputOp grad) {
  auto sizesOf = [](Value value) { return llvm::cast<RankedTensorType>(value.getType()).getShape().drop_front(2); };
  llvm::ArrayRef<int64_t> dy = sizesOf(grad.getDy()), window = sizesOf(grad.getFilter());
  int64_t stride = grad.getStride();
  return stride > 1 && std::min(window[0], window[1]) >= stride && int64_t(grad.getHeight()) == stride * dy[0] &&
         int64_t(grad.getWidth()) == stride * dy[1];
}

static void expandTaps(graph::Conv2dGradInputOp grad) {
  OpBuilder builder(grad);
  Value filter = transposed(builder, grad, 0);
  grad.getY().replaceAllUsesWith(Value(
      graph::Conv2dTransposedOp::create(builder, grad.getLoc(), grad.getDy(), filter, grad.getStride(), grad.getPadding())));
  grad.erase();
}

static LogicalResult expand(graph::Conv2dGradInputOp grad) {
  int64_t padding = grad.getPadding();
  llvm::ArrayRef<int64_t> filter = llvm::cast<RankedTensorType>(grad.getFilter().getType()).getShape();
  if (filter[2] != filter[3])
    return grad.emitError("no gradient is compiled of a convolution whose window is not square: ")
           << filter[2] << " x " << filter[3];
  if (filter[2] == 1 && padding == 0)
    return expandPixels(grad), success();
  if (isMultiple(grad))
    return expandTaps(grad), success();
  OpBuilder builder(grad);
  Location loc = grad.getLoc();
  int64_t all = 2 * padding - filter[2] + 1, margin = std::max<int64_t>(0, padding - filter[2] + 1);
  Value spread = graph::SubsampleGradInputOp::create(builder, named(loc, graph::valueName(loc), "spread"), grad.getDy(),
                                                     grad.getStride(), grad.getHeight() + all, grad.getWidth() + all);
  Value dx = graph::Conv2dOp::create(builder, loc, spread, transposed(builder, grad, margin), Value(), 1,
                                     filter[2] - 1 - padding + margin);
  grad.getY().replaceAllUsesWith(dx);
  grad.erase();
  return success();
}

namespace {
struct ExpandStridedGradients : graph::impl::ExpandStridedGradientsBase<ExpandStridedGradients> {
  void runOnOperation() override {
    for (auto grad : llvm::make_early_inc_range(getOperation().getOps<graph::Conv2dGradInputOp>()))
      if (failed(expand(grad)))
        return signalPassFailure();
  }
};
} // namespace
