// Erases dropout, flattens of flat values and means of one pixel.
#include "passes/graph/Passes.h"

#include "ir/graph/Graph.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace skip::graph {
#define GEN_PASS_DEF_ERASEIDENTITIES
#include "passes/graph/Passes.h.inc"
} // namespace skip::graph

using namespace skip;

/// Windows of one pixel, one behind the other; then there is no padding.
static bool isOfOnePixel(graph::AvgPoolOp pool) {
  return llvm::all_of(pool.getKernel(), [](int64_t size) { return size == 1; }) &&
         llvm::all_of(pool.getStrides(), [](int64_t stride) { return stride == 1; });
}

static bool isIdentityAtInference(mlir::Operation *op) {
  if (auto pool = llvm::dyn_cast<graph::AvgPoolOp>(op))
    return isOfOnePixel(pool);
  return llvm::isa<graph::DropoutOp>(op) ||
         (llvm::isa<graph::FlattenOp>(op) && op->getOperand(0).getType() == op->getResult(0).getType());
}

namespace {
struct EraseIdentities : graph::impl::EraseIdentitiesBase<EraseIdentities> {
  void runOnOperation() override {
    getOperation().walk([](mlir::Operation *op) {
      if (!isIdentityAtInference(op))
        return;
      op->getResult(0).replaceAllUsesWith(op->getOperand(0));
      op->erase();
    });
  }
};
} // namespace
