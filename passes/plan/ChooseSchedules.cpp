// Gives every kernel its schedules: contractions those that were tuned or else the first that the cost model ranks, others the
// only one there is.
#include "passes/plan/Passes.h"

#include "ir/plan/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace skip::plan {
#define GEN_PASS_DEF_CHOOSESCHEDULES
#include "passes/plan/Passes.h.inc"
} // namespace skip::plan

using namespace mlir;
using namespace skip;

static void forgetTuning(plan::KernelOp kernel) {
  for (Operation &op : kernel.getBody().front()) {
    op.removeAttr(plan::tunedAttr);
    op.removeAttr(plan::tunedPlanarAttr);
  }
}

namespace {
struct ChooseSchedules : plan::impl::ChooseSchedulesBase<ChooseSchedules> {
  using ChooseSchedulesBase::ChooseSchedulesBase;

  void runOnOperation() override {
    FailureOr<plan::TargetInterface> target = plan::targetOf(getOperation());
    if (failed(target))
      return signalPassFailure();
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      auto batch = function->getAttrOfType<IntegerAttr>(plan::batchAttr);
      if (!batch) {
        function.emitError("the function has no `plan.batch`");
        return signalPassFailure();
      }
      llvm::SmallVector<Operation *> kernels;
      llvm::append_range(kernels, function.getOps<plan::KernelOp>());
      for (auto kernel : function.getOps<plan::KernelOp>())
        if (failed(plan::requireLayouts(kernel)))
          return signalPassFailure();
      target->chooseSchedules(kernels, batch.getInt(), exact);
      llvm::for_each(function.getOps<plan::KernelOp>(), forgetTuning);
    }
  }
};
} // namespace
