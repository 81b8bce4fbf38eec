// Hands the table of what tuning found to the target, function by function.
#include "passes/plan/Passes.h"

#include "ir/plan/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace skip::plan {
#define GEN_PASS_DEF_APPLYTUNING
#include "passes/plan/Passes.h.inc"
} // namespace skip::plan

using namespace mlir;
using namespace skip;

namespace {
struct ApplyTuning : plan::impl::ApplyTuningBase<ApplyTuning> {
  using ApplyTuningBase::ApplyTuningBase;

  void runOnOperation() override {
    auto table = getOperation()->getAttrOfType<DictionaryAttr>(plan::tuningAttr);
    if (!table)
      return;
    FailureOr<plan::TargetInterface> target = plan::targetOf(getOperation());
    if (failed(target))
      return signalPassFailure();
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (auto batch = function->getAttrOfType<IntegerAttr>(plan::batchAttr))
        target->applyTuning(function, batch.getInt(), table, exact);
    getOperation()->removeAttr(plan::tuningAttr);
  }
};
} // namespace
