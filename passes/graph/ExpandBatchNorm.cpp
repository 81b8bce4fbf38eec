// Batch norm in training, cut where a batch-wide sum is read.
//
//   y, mean, variance, ... = batch_norm_train x       m = moments x                               of each image
//                                                     mean, variance, ..., s, t = merge_moments m  of the batch
//                                                     y = scale_shift x, s, t                      of each image
//
// The first and the last touch a picture and can run beside what makes and reads it, a few images at a time; what is between is
// of the size of the channels. The gradient is cut alike.
#include "passes/graph/Passes.h"

#include "ir/graph/Graph.h"
#include "ir/graph/GraphShapes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace skip::graph {
#define GEN_PASS_DEF_EXPANDBATCHNORM
#include "passes/graph/Passes.h.inc"
} // namespace skip::graph

using namespace mlir;
using namespace skip;

static int64_t pixelsOf(Value x) {
  return graph::elementsPerImage(llvm::cast<RankedTensorType>(x.getType()).getShape().drop_front(2));
}

/// NAME.PART.
static Location partOf(Location loc, llvm::StringRef part) {
  llvm::StringRef name = graph::valueName(loc);
  return name.empty() ? loc : NameLoc::get(StringAttr::get(loc.getContext(), name + "." + part));
}

static void expand(graph::BatchNormTrainOp norm) {
  OpBuilder builder(norm);
  Location loc = norm.getLoc();
  Value moments = graph::MomentsOp::create(builder, partOf(loc, "moments"), norm.getX());
  auto merged = graph::MergeMomentsOp::create(builder, loc, moments, norm.getGamma(), norm.getBeta(), norm.getRunningMean(),
                                              norm.getRunningVariance(), builder.getI64IntegerAttr(pixelsOf(norm.getX())),
                                              norm.getMomentumAttr(), norm.getEpsilonAttr());
  Value y = graph::ScaleShiftOp::create(builder, loc, norm.getX(), merged.getScale(), merged.getShift());
  norm.replaceAllUsesWith(
      ValueRange{y, merged.getMean(), merged.getVariance(), merged.getNextMean(), merged.getNextVariance()});
  norm.erase();
}

static void expand(graph::BatchNormTrainGradOp grad) {
  OpBuilder builder(grad);
  Location loc = grad.getLoc();
  Value sums = graph::GradSumsOp::create(builder, partOf(loc, "sums"), grad.getDy(), grad.getX(), grad.getMean());
  auto merged = graph::MergeGradSumsOp::create(builder, loc, sums, grad.getGamma(), grad.getMean(), grad.getVariance(),
                                               builder.getI64IntegerAttr(pixelsOf(grad.getX())), grad.getEpsilonAttr());
  Value dx = graph::ScaleAddOp::create(builder, loc, grad.getDy(), grad.getX(), merged.getA(), merged.getB(), merged.getC());
  grad.replaceAllUsesWith(ValueRange{dx, merged.getDgamma(), merged.getDbeta()});
  grad.erase();
}

namespace {
struct ExpandBatchNorm : graph::impl::ExpandBatchNormBase<ExpandBatchNorm> {
  void runOnOperation() override {
    for (auto norm : llvm::make_early_inc_range(getOperation().getOps<graph::BatchNormTrainOp>()))
      expand(norm);
    for (auto grad : llvm::make_early_inc_range(getOperation().getOps<graph::BatchNormTrainGradOp>()))
      expand(grad);
  }
};
} // namespace
