// What a normalisation and a relu give is computed again where the gradients need it, rather than kept.
//
// Batch norm's gradient keeps its input x in any case, and y = relu(scale_shift x) is cheap to make of it. So between the way
// forth and the gradients only x lives, and y is there a few images at a time on the way forth, and for one layer at a time on
// the way back:
//
//   y = relu (scale_shift x, s, t)                  y = relu (scale_shift x, s, t)
//   loss ...                                        loss ...
//   conv2d_grad_filter dx, y                        y' = relu (scale_shift x, s, t)
//                                                   conv2d_grad_filter dx, y'
//
// Kernels and operands are the same, and so are the bits. Of a residual block it saves one of four tensors. A block's sum is
// kept: it would be made of two tensors, of which the other would have to be made again first.
#include "passes/graph/Passes.h"

#include "ir/graph/Graph.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace skip::graph {
#define GEN_PASS_DEF_RECOMPUTEACTIVATIONS
#include "passes/graph/Passes.h.inc"
} // namespace skip::graph

using namespace mlir;
using namespace skip;

/// The operation that the loss, the first result, comes from; null where it is no result of one.
static Operation *lossOf(func::FuncOp function) {
  if (function.isDeclaration())
    return nullptr;
  Operation *end = function.getBody().front().getTerminator();
  return end->getNumOperands() ? end->getOperand(0).getDefiningOp() : nullptr;
}

static void recompute(graph::ReluOp relu, Operation *loss) {
  auto norm = relu.getX().getDefiningOp<graph::ScaleShiftOp>();
  llvm::SmallVector<OpOperand *> late;
  Operation *first = nullptr;
  for (OpOperand &use : relu->getUses()) {
    Operation *user = use.getOwner();
    if (user->isBeforeInBlock(loss) || llvm::isa<func::ReturnOp>(user))
      continue;
    late.push_back(&use);
    if (!first || user->isBeforeInBlock(first))
      first = user;
  }
  if (!norm || !norm->hasOneUse() || late.empty() || !relu->isBeforeInBlock(loss))
    return;
  OpBuilder builder(first);
  Operation *again = builder.clone(*norm), *result = builder.clone(*relu);
  result->setOperand(0, again->getResult(0));
  for (OpOperand *use : late)
    use->set(result->getResult(0));
}

namespace {
struct RecomputeActivations : graph::impl::RecomputeActivationsBase<RecomputeActivations> {
  void runOnOperation() override {
    Operation *loss = lossOf(getOperation());
    if (!loss)
      return;
    llvm::SmallVector<graph::ReluOp> relus(getOperation().getOps<graph::ReluOp>());
    for (graph::ReluOp relu : relus)
      recompute(relu, loss);
  }
};
} // namespace
