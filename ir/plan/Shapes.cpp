// Reads contractions off kernels.
#include "ir/plan/Shapes.h"

#include "ir/plan/Algorithms.h"
#include "ir/plan/Layout.h"
#include "ir/plan/WinogradLayout.h"

using namespace mlir;
using namespace skip;
using namespace skip::plan;

static llvm::ArrayRef<int64_t> shapeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()).getShape(); }

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

bool plan::imagesAreColumns(KernelOp kernel) {
  llvm::ArrayRef<int64_t> shape = shapeOf(kernel.getResult(0));
  bool isOnePixel = shape.size() == 2 || (shape[2] == 1 && shape[3] == 1);
  llvm::SmallVector<ContractionView, 2> views = contractionsOf(kernel);
  return isOnePixel && kernel.outputLayout(0).getHalo() == 0 && !views.empty() && !views.front().winograd;
}

static bool isPlanar(KernelOp kernel, const ContractionView &view) {
  return kernel.inputLayout(view.input.getArgNumber()).getKind() == LayoutKind::planar;
}

std::optional<ConvShape> plan::convShapeOf(KernelOp kernel, int64_t batch) {
  int64_t images = kernel.getImages().value_or(batch);
  std::optional<ContractionView> view = mainContractionOf(kernel);
  if (!view)
    return std::nullopt;
  const ContractionView &main = *view;
  llvm::ArrayRef<int64_t> out = shapeOf(kernel.getResult(0));
  ConvShape shape;
  shape.ocBlocks = blocksOf(main.outChannels);
  shape.inChannels = main.inChannels;
  if (main.winograd) {
    shape.outWidth = main.winograd.getGroup();
    shape.inChannels = main.stride == 2 ? 4 * main.inChannels : main.inChannels;
    shape.images = images;
    shape.maxOcBlocks = winogradMaxOcBlocks;
    shape.rowPositions = winogradRowPositions({main.kernelHeight, main.stride}, main.inChannels, main.winograd.getTile());
    return shape;
  }
  shape.kernelHeight = main.kernelHeight;
  shape.kernelWidth = main.kernelWidth;
  shape.stride = main.stride;
  shape.imagesAreColumns = imagesAreColumns(kernel);
  shape.outHeight = shape.imagesAreColumns ? 1 : out[2];
  shape.outWidth = shape.imagesAreColumns ? images : out[3];
  shape.images = shape.imagesAreColumns ? 1 : images;
  shape.planarInput = isPlanar(kernel, main);
  for (const ContractionView &root : contractionsOf(kernel))
    shape.roots.push_back(
        {root.kernelHeight, root.kernelWidth, root.stride, blocksOf(root.inChannels), isPlanar(kernel, root)});
  return shape;
}

bool plan::usesStrassen(KernelOp kernel) {
  return kernel.getSchedules() && llvm::any_of(kernel.getSchedulesAttr(), [](Attribute schedule) {
           auto conv = llvm::dyn_cast<ConvScheduleAttr>(schedule);
           return conv && conv.getUnitBlocks() > 0;
         });
}

double plan::errorBoundOf(KernelOp kernel) {
  std::optional<ContractionView> main = mainContractionOf(kernel);
  if (!main || !main->winograd)
    return errorBound(0);
  return errorBound(WinogradTaps{main->kernelHeight, main->stride}.points(main->winograd.getTile()));
}
