// Folds batch norm into the convolution before it, as expressions over the parameters.
//
// gamma * (conv(x, w) + b - mean) / sqrt(variance + epsilon) + beta is, with s = gamma / sqrt(variance + epsilon),
// conv(x, w * s) + beta + (b - mean) * s. The new convolution computes what the batch norm did, so it bears the batch norm's
// name.
#include "passes/graph/Passes.h"

#include "ir/graph/Graph.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace skip::graph {
#define GEN_PASS_DEF_FOLDBATCHNORM
#include "passes/graph/Passes.h.inc"
} // namespace skip::graph

using namespace mlir;
using namespace skip;

static Value scaleOf(OpBuilder &builder, graph::BatchNormOp norm) {
  return graph::BnScaleOp::create(builder, norm.getLoc(), norm.getGamma(), norm.getVariance(), norm.getEpsilonAttr());
}

static Value shiftOf(OpBuilder &builder, graph::BatchNormOp norm, Value scale, Value bias) {
  return graph::BnShiftOp::create(builder, norm.getLoc(), norm.getBeta(), norm.getMean(), scale, bias);
}

/// The contraction with its filter and bias scaled and shifted, in the batch norm's place.
template <typename Contraction> static void foldInto(Contraction op, graph::BatchNormOp norm) {
  OpBuilder builder(norm);
  Value scale = scaleOf(builder, norm);
  auto folded = llvm::cast<Contraction>(builder.clone(*op.getOperation()));
  folded->setLoc(norm.getLoc());
  builder.setInsertionPoint(folded);
  folded.getFilterMutable().assign(graph::ScaleFilterOp::create(builder, norm.getLoc(), op.getFilter(), scale));
  folded.getBiasMutable().assign(shiftOf(builder, norm, scale, op.getBias()));
  norm.getY().replaceAllUsesWith(folded.getY());
  norm.erase();
  op.erase();
}

static void keepAsScaleShift(graph::BatchNormOp norm) {
  OpBuilder builder(norm);
  Value scale = scaleOf(builder, norm);
  Value shift = shiftOf(builder, norm, scale, Value());
  norm.getY().replaceAllUsesWith(graph::ScaleShiftOp::create(builder, norm.getLoc(), norm.getX(), scale, shift));
  norm.erase();
}

/// Whether the contraction has taken in no batch norm yet: a load-table entry folds one.
template <typename Contraction> static bool isPlain(Contraction op) {
  return op && op.getFilter().template getDefiningOp<graph::ReadParameterOp>();
}

static void fold(graph::BatchNormOp norm) {
  Operation *producer = norm.getX().getDefiningOp();
  bool onlyReader = norm.getX().hasOneUse();
  if (auto conv = llvm::dyn_cast_or_null<graph::Conv2dOp>(producer); onlyReader && isPlain(conv))
    return foldInto(conv, norm);
  if (auto linear = llvm::dyn_cast_or_null<graph::LinearOp>(producer); onlyReader && isPlain(linear))
    return foldInto(linear, norm);
  keepAsScaleShift(norm);
}

namespace {
struct FoldBatchNorm : graph::impl::FoldBatchNormBase<FoldBatchNorm> {
  void runOnOperation() override {
    llvm::SmallVector<graph::BatchNormOp> norms(getOperation().getOps<graph::BatchNormOp>());
    for (graph::BatchNormOp norm : norms)
      fold(norm);
  }
};
} // namespace
