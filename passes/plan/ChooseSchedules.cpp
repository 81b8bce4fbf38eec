// Gives every kernel its schedules: contractions the first that the cost model ranks, others the only one there is.
#include "passes/plan/Passes.h"

#include "ir/plan/Plan.h"
#include "ir/plan/Schedule.h"
#include "ir/plan/Shapes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace skip::plan {
#define GEN_PASS_DEF_CHOOSESCHEDULES
#include "passes/plan/Passes.h.inc"
} // namespace skip::plan

using namespace mlir;
using namespace skip;

static Attribute chooseSchedule(plan::KernelOp kernel, int64_t batch, plan::Isa isa) {
  std::optional<plan::ConvShape> shape = plan::convShapeOf(kernel, batch);
  if (!shape)
    return plan::LoopScheduleAttr::get(kernel.getContext());
  plan::ConvSchedule best = plan::convSchedules(*shape, static_cast<SkipIsa>(isa)).front();
  return plan::ConvScheduleAttr::get(kernel.getContext(), best.ocBlocks, best.rows, best.columns, best.tails);
}

namespace {
struct ChooseSchedules : plan::impl::ChooseSchedulesBase<ChooseSchedules> {
  void runOnOperation() override {
    auto target = getOperation()->getAttrOfType<plan::TargetAttr>(plan::targetAttr);
    if (!target) {
      getOperation().emitError("the module has no `plan.target`");
      return signalPassFailure();
    }
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      auto batch = function->getAttrOfType<IntegerAttr>(plan::batchAttr);
      if (!batch) {
        function.emitError("the function has no `plan.batch`");
        return signalPassFailure();
      }
      for (auto kernel : function.getOps<plan::KernelOp>()) {
        llvm::SmallVector<Attribute, 2> schedules;
        for (plan::Isa isa : target.getIsas())
          schedules.push_back(chooseSchedule(kernel, batch.getInt(), isa));
        kernel.setSchedulesAttr(ArrayAttr::get(&getContext(), schedules));
      }
    }
  }
};
} // namespace
