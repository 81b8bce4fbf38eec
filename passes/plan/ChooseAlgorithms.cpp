// Decides which convolutions are computed by Winograd's minimal filtering.
//
// The choice comes before kernels are formed, since a transformed sum cannot share registers with another convolution's, and
// before layouts, since the transformed windows are one. The cost model is the target's.
#include "passes/plan/Passes.h"

#include "ir/plan/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace skip::plan {
#define GEN_PASS_DEF_CHOOSEALGORITHMS
#include "passes/plan/Passes.h.inc"
} // namespace skip::plan

using namespace mlir;
using namespace skip;

namespace {
struct ChooseAlgorithms : plan::impl::ChooseAlgorithmsBase<ChooseAlgorithms> {
  void runOnOperation() override {
    auto batch = getOperation()->getAttrOfType<IntegerAttr>(plan::batchAttr);
    if (!batch) {
      getOperation().emitError("the function has no `plan.batch`");
      return signalPassFailure();
    }
    FailureOr<plan::TargetInterface> target = plan::targetOf(getOperation());
    if (failed(target))
      return signalPassFailure();
    getOperation().walk([&](graph::Conv2dOp conv) {
      if (!conv->hasAttr(plan::tunedAttr))
        target->chooseAlgorithm(conv, batch.getInt());
    });
  }
};
} // namespace
