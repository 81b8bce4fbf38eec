// Erases dropout and flattens of flat values.
#include "passes/graph/Passes.h"

#include "ir/graph/Graph.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace skip::graph {
#define GEN_PASS_DEF_ERASEIDENTITIES
#include "passes/graph/Passes.h.inc"
} // namespace skip::graph

using namespace skip;

static bool isIdentityAtInference(mlir::Operation *op) {
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
