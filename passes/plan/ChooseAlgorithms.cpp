// Decides which convolutions are computed by Winograd's minimal filtering.
//
// The choice comes before kernels are formed, since a transformed sum cannot share registers with another convolution's, and
// before layouts, since the transformed windows are one. The cost model is ir/plan/Algorithms.h.
#include "passes/plan/Passes.h"

#include "ir/plan/Algorithms.h"
#include "ir/plan/Plan.h"
#include "ir/plan/Sections.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace skip::plan {
#define GEN_PASS_DEF_CHOOSEALGORITHMS
#include "passes/plan/Passes.h.inc"
} // namespace skip::plan

using namespace mlir;
using namespace skip;

/// The shape of a 3x3 convolution that Winograd can compute; nothing for others. A planar input (few channels, straight from
/// the caller) stays direct: there is nothing to gain.
static std::optional<plan::Conv3x3Shape> shapeOf(graph::Conv2dOp conv, int64_t batch) {
  auto filter = llvm::cast<RankedTensorType>(conv.getFilter().getType()).getShape();
  auto out = llvm::cast<RankedTensorType>(conv.getY().getType()).getShape();
  bool fits = filter[2] == 3 && filter[3] == 3 && int64_t(conv.getStride()) == 1 && int64_t(conv.getPadding()) <= 1;
  if (!fits || filter[1] < 16)
    return std::nullopt;
  return plan::Conv3x3Shape{filter[1], filter[0], out[2], out[3], plan::preferredImages(conv, batch)};
}

/// The shape of a convolution of stride 2 over the caller's picture; nothing for others.
static std::optional<plan::StemShape> stemShapeOf(graph::Conv2dOp conv, int64_t batch) {
  auto filter = llvm::cast<RankedTensorType>(conv.getFilter().getType()).getShape();
  auto out = llvm::cast<RankedTensorType>(conv.getY().getType()).getShape();
  bool isStem = llvm::isa<BlockArgument>(conv.getX()) && filter[1] <= 4 && int64_t(conv.getStride()) == 2;
  if (!isStem || filter[2] != filter[3] || (filter[2] != 5 && filter[2] != 7))
    return std::nullopt;
  return plan::StemShape{filter[2], filter[1], filter[0], out[2], out[3], plan::preferredImages(conv, batch)};
}

static plan::Algorithm choose(graph::Conv2dOp conv, int64_t batch) {
  if (std::optional<plan::StemShape> stem = stemShapeOf(conv, batch))
    return plan::chooseStemAlgorithm(*stem);
  std::optional<plan::Conv3x3Shape> shape = shapeOf(conv, batch);
  return shape ? plan::chooseAlgorithm(*shape) : plan::Algorithm();
}

namespace {
struct ChooseAlgorithms : plan::impl::ChooseAlgorithmsBase<ChooseAlgorithms> {
  void runOnOperation() override {
    auto batch = getOperation()->getAttrOfType<IntegerAttr>(plan::batchAttr);
    if (!batch) {
      getOperation().emitError("the function has no `plan.batch`");
      return signalPassFailure();
    }
    getOperation().walk([&](graph::Conv2dOp conv) {
      if (conv->hasAttr(plan::tunedAttr))
        return;
      if (plan::Algorithm best = choose(conv, batch.getInt()); best.tile != 0)
        conv->setAttr(plan::algorithmAttr, plan::WinogradAttr::get(&getContext(), best.tile, best.group, best.fused));
    });
  }
};
} // namespace
