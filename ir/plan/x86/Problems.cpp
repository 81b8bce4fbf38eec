// A problem's sizes are those of the operation's operands, its images those that the section is to have.
#include "ir/plan/x86/Problems.h"

#include "ir/plan/Contractions.h"
#include "ir/plan/Layout.h"
#include "ir/plan/Sections.h"

using namespace mlir;
using namespace skip;
using namespace skip::plan;

bool plan::hasPlanarInput(Operation *op) {
  auto contraction = llvm::dyn_cast<graph::Contraction>(op);
  if (!contraction || !llvm::isa<BlockArgument>(contraction.getPicture()))
    return false;
  graph::ContractionSizes sizes = contraction.getSizes();
  return !sizes.isLinear && !sizes.isGeneral && sizes.inChannels < lanesOf(LayoutKind::blocked);
}

int64_t plan::windowBytesOf(Operation *op) {
  auto contraction = llvm::dyn_cast<graph::Contraction>(op);
  if (!contraction)
    return 0;
  graph::ContractionSizes sizes = contraction.getSizes();
  bool hasWindows =
      !sizes.isLinear && !sizes.isGeneral && sizes.stride == 1 && sizes.kernelHeight == 3 && sizes.kernelWidth == 3;
  return hasWindows ? activationBytes(contraction.getPicture()) * 9 / 4 : 0;
}

std::optional<ConvProblem> plan::problemOf(Operation *op, int64_t batch, Isa isa) {
  auto contraction = llvm::dyn_cast<graph::Contraction>(op);
  if (!contraction || contraction.getSizes().isGeneral)
    return std::nullopt;
  int64_t images = preferredImages(op, batch, kNearBytes, windowBytesOf(op));
  return ConvProblem{contraction.getSizes(), images, hasPlanarInput(op), abiIsa(isa)};
}

ConvProblem plan::problemOf(const ContractionView &view, int64_t images) {
  ConvProblem problem{view, images};
  problem.planarInput = view.inChannels < lanesOf(LayoutKind::blocked);
  return problem;
}

std::optional<FilterGradientShape> plan::filterGradientShape(graph::Conv2dGradFilterOp gradient, int64_t images) {
  if (gradient.getKernelHeight() != 3 || gradient.getKernelWidth() != 3 || gradient.getStride() != 1)
    return std::nullopt;
  auto dy = llvm::cast<RankedTensorType>(gradient.getDy().getType()),
       x = llvm::cast<RankedTensorType>(gradient.getX().getType());
  return FilterGradientShape{blocksOf(dy.getDimSize(1)), blocksOf(x.getDimSize(1)), dy.getDimSize(2), dy.getDimSize(3), images};
}

bool plan::isTrained(Operation *contraction) {
  Operation *filter = llvm::cast<graph::Contraction>(contraction).getFilter().getDefiningOp();
  return filter && !graph::isLoadTime(filter);
}

bool plan::mayCompute(bool isTrained, const ConvProblem &problem, const ConvChoice &choice) {
  if (!isTrained)
    return true;
  WinogradTaps taps{problem.kernelHeight, problem.stride};
  if (choice.algorithm.tile == 0)
    return choice.schedule.unitBlocks == 0;
  return taps.points(choice.algorithm.tile) <= kTrainedPoints &&
         (problem.planarInput || !winogradPlanarChannels(taps, problem.inChannels));
}

WinogradAttr plan::winogradAttribute(MLIRContext *context, const Algorithm &algorithm) {
  return WinogradAttr::get(context, algorithm.tile, algorithm.group, algorithm.fused);
}

X86ConvAttr plan::scheduleAttribute(MLIRContext *context, const ConvSchedule &schedule) {
  return X86ConvAttr::get(context, schedule.ocBlocks, schedule.rows, schedule.columns, schedule.tails, schedule.unitBlocks);
}

ConvSchedule plan::scheduleOf(X86ConvAttr attribute) {
  return {attribute.getOcBlocks(), attribute.getRows(), attribute.getColumns(),
          std::vector<int64_t>(attribute.getTails().begin(), attribute.getTails().end()), attribute.getUnitBlocks()};
}
