// Moves the steps of training that take the whole batch next to each other, so that between them long runs of others can take a
// few images at a time, in caches (FormSections.cpp). A gradient's steps come like this:
//
//   merge_grad_sums   scale_add   transpose_filter   conv2d_grad_filter   conv2d relu_grad_input   grad_sums   merge_grad_sums
//
// and leave like this, of which the three in brackets become one section:
//
//   merge_grad_sums   transpose_filter   [scale_add   conv2d relu_grad_input   grad_sums]   conv2d_grad_filter merge_grad_sums
#include "passes/plan/Passes.h"

#include "ir/plan/Layout.h"
#include "ir/plan/Sections.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace skip::plan {
#define GEN_PASS_DEF_ORDERSTEPS
#include "passes/plan/Passes.h.inc"
} // namespace skip::plan

using namespace mlir;
using namespace skip;
using plan::KernelOp;

/// Whether the kernel computes on parameters alone.
static bool isOfParameters(KernelOp kernel) {
  return llvm::none_of(kernel.getOperandTypes(),
                       [](Type type) { return plan::isPerImage(llvm::cast<RankedTensorType>(type)); });
}

/// Whether nothing but the end of the function reads what the kernel gives, perhaps once its parts are added.
static bool isOnlyReturned(KernelOp kernel) {
  return llvm::all_of(kernel->getUsers(), [](Operation *user) {
    auto reader = llvm::dyn_cast<KernelOp>(user);
    return llvm::isa<func::ReturnOp>(user) || (reader && isOfParameters(reader) && isOnlyReturned(reader));
  });
}

/// The kernel, and what only adds its parts.
static void moveBefore(KernelOp kernel, Operation *next) {
  kernel->moveBefore(next);
  for (Operation *user : kernel->getUsers())
    if (auto reader = llvm::dyn_cast<KernelOp>(user))
      reader->moveBefore(next);
}

namespace {
struct OrderSteps : plan::impl::OrderStepsBase<OrderSteps> {
  void runOnOperation() override {
    llvm::SmallVector<KernelOp> kernels(getOperation().getOps<KernelOp>());
    if (llvm::none_of(kernels, plan::readsBatch))
      return;
    Operation *last = nullptr; // that takes the whole batch
    for (KernelOp kernel : kernels)
      if (isOfParameters(kernel) && last)
        kernel->moveAfter(last);
      else if (plan::readsBatch(kernel))
        last = kernel;
    Operation *next = getOperation().getBody().front().getTerminator();
    for (KernelOp kernel : llvm::reverse(kernels)) {
      if (!plan::readsBatch(kernel) || isOfParameters(kernel))
        continue;
      if (isOnlyReturned(kernel))
        moveBefore(kernel, next);
      next = kernel;
    }
  }
};
} // namespace
