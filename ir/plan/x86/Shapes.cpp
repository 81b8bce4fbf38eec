// Reads shapes off kernels.
#include "ir/plan/x86/Shapes.h"

#include "ir/plan/Layout.h"
#include "ir/plan/WinogradLayout.h"

using namespace mlir;
using namespace skip;
using namespace skip::plan;

static llvm::ArrayRef<int64_t> shapeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()).getShape(); }

bool plan::imagesAreColumns(KernelOp kernel) {
  llvm::ArrayRef<int64_t> shape = shapeOf(kernel.getResult(0));
  bool isOnePixel = shape.size() == 2 || (shape[2] == 1 && shape[3] == 1);
  llvm::SmallVector<ContractionView, 2> views = contractionsOf(kernel);
  return isOnePixel && kernel.outputLayout(0).getHalo() == 0 && !views.empty() && !views.front().winograd &&
         !views.front().isGeneral;
}

static bool isPlanar(KernelOp kernel, const ContractionView &view) {
  return kernel.inputLayout(view.input.getArgNumber()).getKind() == LayoutKind::planar;
}

std::optional<ConvShape> plan::convShapeOf(KernelOp kernel, int64_t batch) {
  int64_t images = kernel.getImages().value_or(batch);
  std::optional<ContractionView> view = mainContractionOf(kernel);
  if (!view || view->isGeneral)
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
           auto conv = llvm::dyn_cast<X86ConvAttr>(schedule);
           return conv && conv.getUnitBlocks() > 0;
         });
}
