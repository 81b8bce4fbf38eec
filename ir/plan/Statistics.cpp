#include "ir/plan/Statistics.h"

using namespace skip;

bool plan::isStatistic(mlir::Value tensor) {
  auto kernel = tensor.getDefiningOp<KernelOp>();
  if (!kernel)
    return false;
  unsigned result = llvm::cast<mlir::OpResult>(tensor).getResultNumber();
  mlir::Value written = kernel.getBody().front().getTerminator()->getOperand(result);
  return written.getDefiningOp<graph::MomentsOp>() != nullptr;
}
