// Decides which convolutions are computed by Winograd's minimal filtering.
//
// The choice comes before kernels are formed, since a transformed sum cannot share registers with another convolution's, and
// before layouts, since the transformed windows are one. The cost model is the target's.
//
// So it is for gradients of filters. Such a one may be computed in parts, each of a part of the images, where it has few units
// that threads could share:
//
//   dw = conv2d_grad_filter dy, x       p = conv2d_grad_filter dy, x parts 8
//                                       dw = sum_parts p parts 8
#include "passes/plan/Passes.h"

#include "ir/plan/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace skip::plan {
#define GEN_PASS_DEF_CHOOSEALGORITHMS
#include "passes/plan/Passes.h.inc"
} // namespace skip::plan

using namespace mlir;
using namespace skip;

static void cutIntoParts(graph::Conv2dGradFilterOp gradient, int64_t parts) {
  OpBuilder builder(gradient);
  Location loc = gradient.getLoc();
  llvm::StringRef name = graph::valueName(loc);
  Location ofParts = name.empty() ? loc : NameLoc::get(builder.getStringAttr(name + ".parts"));
  auto all = graph::Conv2dGradFilterOp::create(builder, ofParts, gradient.getDy(), gradient.getX(), gradient.getKernelHeight(),
                                               gradient.getKernelWidth(), gradient.getStride(), gradient.getPadding(), parts);
  all->setDiscardableAttrs(gradient->getDiscardableAttrDictionary());
  gradient.replaceAllUsesWith(Value(graph::SumPartsOp::create(builder, loc, all, parts)));
  gradient.erase();
}

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
    llvm::SmallVector<Operation *> untuned;
    getOperation().walk([&](graph::Contraction contraction) {
      if (!contraction->hasAttr(plan::tunedAttr))
        untuned.push_back(contraction);
    });
    llvm::SmallVector<Operation *> gradients;
    llvm::append_range(gradients, getOperation().getOps<graph::Conv2dGradFilterOp>());
    llvm::append_range(untuned, gradients);
    target->chooseAlgorithms(untuned, batch.getInt());
    for (auto [gradient, parts] : llvm::zip_equal(gradients, target->gradientParts(gradients, batch.getInt())))
      if (parts > 1)
        cutIntoParts(llvm::cast<graph::Conv2dGradFilterOp>(gradient), parts);
  }
};
} // namespace
