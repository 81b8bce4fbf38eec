// Reads contractions off kernels.
#include "ir/plan/Contractions.h"

#include "ir/plan/Layout.h"
#include "ir/plan/Rounding.h"
#include "ir/plan/WinogradLayout.h"

using namespace mlir;
using namespace skip;
using namespace skip::plan;

llvm::SmallVector<ContractionView, 2> plan::contractionsOf(KernelOp kernel) {
  llvm::SmallVector<ContractionView, 2> views;
  for (auto op : kernel.getBody().getOps<graph::Contraction>())
    views.push_back({op.getSizes(), op, llvm::cast<BlockArgument>(op.getPicture()), llvm::cast<BlockArgument>(op.getFilter()),
                     op.getBias(), op->getAttrOfType<WinogradAttr>(algorithmAttr)});
  return views;
}

std::optional<ContractionView> plan::mainContractionOf(KernelOp kernel) {
  llvm::SmallVector<ContractionView, 2> views = contractionsOf(kernel);
  if (views.empty())
    return std::nullopt;
  auto work = [](const ContractionView &view) { return view.inChannels * view.kernelHeight * view.kernelWidth; };
  return views.size() == 2 && work(views[1]) > work(views[0]) ? views[1] : views[0];
}

double plan::errorBound(int64_t points) {
  return points == 0 || points > 8 ? 1e-4 : points < 7 ? 2e-5 : points == 7 ? 4e-5 : 8e-5;
}

bool plan::isForTensorCores(Operation *op) {
  auto contraction = llvm::dyn_cast<graph::Contraction>(op);
  return contraction && !contraction.getSizes().isGeneral;
}

double plan::truncationOf(KernelOp kernel) {
  FailureOr<TargetInterface> target = targetOf(kernel);
  if (failed(target) || target->precision() == Precision::f32)
    return 0;
  int64_t each = 32 / elementBytes(target->element()), instructions = 0; // values of the sum that one adds
  for (const ContractionView &view : contractionsOf(kernel))
    if (isForTensorCores(view.op))
      instructions += llvm::divideCeil(view.kernelHeight * view.kernelWidth *
                                           llvm::alignTo(view.inChannels, lanesOf(LayoutKind::krsc, target->element())),
                                       each);
  return static_cast<double>(instructions) * 0x1p-22;
}

/// Of the result's rounding as it is stored.
static double storedUnitOf(KernelOp kernel) {
  FailureOr<TargetInterface> target = targetOf(kernel);
  bool isNarrow = succeeded(target) && kernel.getLayouts() && kernel.outputLayout(0).getElement() != Element::f32;
  return isNarrow ? storedUnit(target->precision()) : 0;
}

double plan::errorBoundOf(KernelOp kernel) {
  std::optional<ContractionView> main = mainContractionOf(kernel);
  if (!main || !main->winograd)
    return errorBound(0) + storedUnitOf(kernel) + truncationOf(kernel);
  return errorBound(WinogradTaps{main->kernelHeight, main->stride}.points(main->winograd.getTile()));
}
