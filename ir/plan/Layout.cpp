// The arithmetic of layouts.
#include "ir/plan/Layout.h"

#include "runtime/Balance.h"

using namespace skip;
using namespace skip::plan;

int64_t plan::elementBytes(Element element) {
  switch (element) {
  case Element::f32:
  case Element::tf32:
    return 4;
  case Element::f16:
  case Element::bf16:
    return 2;
  }
  llvm_unreachable("an element without a size");
}

int64_t plan::addendsOf(LayoutAttr layout) { return layout.getKind() == LayoutKind::partial ? layout.getGroup() : 1; }

static constexpr int64_t kVectorBytes = 16; // what a thread of a GPU loads at a time

int64_t plan::lanesOf(LayoutKind kind, Element element) {
  switch (kind) {
  case LayoutKind::planar:
    return 1;
  case LayoutKind::nhwc:
  case LayoutKind::krsc:
    return kVectorBytes / elementBytes(element);
  case LayoutKind::partial:
    return partialLanes;
  case LayoutKind::blocked:
  case LayoutKind::filter16:
  case LayoutKind::filter1:
  case LayoutKind::vector:
  case LayoutKind::winograd:
    return SKIP_LANES;
  }
  llvm_unreachable("a layout without lanes");
}

int64_t plan::blocksOf(int64_t channels) {
  int64_t lanes = lanesOf(LayoutKind::blocked);
  return (channels + lanes - 1) / lanes;
}

int64_t plan::roundUpToBlock(int64_t channels) { return blocksOf(channels) * lanesOf(LayoutKind::blocked); }

bool plan::isPerImage(mlir::RankedTensorType type) { return type.getRank() > 0 && type.isDynamicDim(0); }

llvm::SmallVector<int64_t, 4> plan::parameterDims(mlir::RankedTensorType type) {
  llvm::SmallVector<int64_t, 4> dims(type.getShape());
  dims.resize(4, 1);
  return dims;
}

Strides plan::stridesOf(mlir::RankedTensorType type, LayoutAttr layout) {
  bool picture = type.getRank() == 4;
  int64_t lanes = lanesOf(layout.getKind(), layout.getElement()), halo = layout.getHalo();
  bool isPixelMajor = layout.getKind() == LayoutKind::nhwc || layout.getKind() == LayoutKind::partial;
  Strides s;
  s.halo = halo;
  s.channels = type.getRank() > 1 ? type.getDimSize(1) : 1;
  s.height = picture ? type.getDimSize(2) : 1;
  s.width = picture ? type.getDimSize(3) : 1;
  s.blocks = (s.channels + lanes - 1) / lanes;
  s.pixel = isPixelMajor ? s.blocks * lanes : lanes;
  s.row = (s.width + 2 * halo) * s.pixel;
  int64_t area = (s.height + 2 * halo) * s.row;
  s.block = isPixelMajor ? lanes : area;
  s.addend = area;
  s.image = isPixelMajor ? addendsOf(layout) * area : s.blocks * area;
  s.origin = halo * (s.row + s.pixel);
  return s;
}

WinogradTaps plan::winogradTaps(LayoutAttr layout) { return {layout.getKernel(), layout.getStride()}; }

WinogradTiles plan::winogradTiles(mlir::RankedTensorType type, LayoutAttr layout) {
  auto along = [&](int64_t size) {
    int64_t outputs = (size + 2 * layout.getHalo() - layout.getKernel()) / layout.getStride() + 1;
    return (outputs + layout.getTile() - 1) / layout.getTile();
  };
  return {along(type.getDimSize(2)), along(type.getDimSize(3))};
}

int64_t plan::winogradCopies(mlir::RankedTensorType type, LayoutAttr layout, int64_t images) {
  WinogradTiles tiles = winogradTiles(type, layout);
  return images * tiles.rows * tiles.columns <= layout.getGroup() ? winogradMostCopies : 1;
}

/// Of one copy.
static int64_t winogradBytes(mlir::RankedTensorType type, LayoutAttr layout, int64_t batch) {
  WinogradTiles tiles = plan::winogradTiles(type, layout);
  WinogradTaps taps = winogradTaps(layout);
  int64_t group = layout.getGroup(), points = taps.points(layout.getTile());
  int64_t groups = (batch * tiles.rows * tiles.columns + group - 1) / group;
  int64_t planar = winogradPlanarChannels(taps, type.getDimSize(1));
  int64_t blocks = planar ? 1 : winogradPhases(taps, planar) * blocksOf(type.getDimSize(1));
  return groups * blocks * points * points * winogradPositionVectors(group) * lanesOf(layout.getKind()) * elementBytes(layout);
}

int64_t plan::bufferBytes(mlir::RankedTensorType type, LayoutAttr layout, int64_t batch) {
  if (layout.getKind() == LayoutKind::winograd)
    return winogradBytes(type, layout, batch) * winogradCopies(type, layout, batch);
  if (!isPerImage(type))
    return layout.getKind() == LayoutKind::planar ? type.getNumElements() * elementBytes(layout)
                                                  : packedBytes(parameterDims(type), layout, false);
  return stridesOf(type, layout).image * batch * elementBytes(layout);
}

static int64_t krscBytes(llvm::ArrayRef<int64_t> dims, LayoutAttr layout) {
  int64_t channels = llvm::alignTo(dims[1], plan::lanesOf(layout.getKind(), layout.getElement()));
  return dims[0] * dims[2] * dims[3] * channels * plan::elementBytes(layout);
}

int64_t plan::packedBytes(llvm::ArrayRef<int64_t> dims, LayoutAttr layout, bool balanced) {
  if (layout.getKind() == LayoutKind::krsc)
    return krscBytes(dims, layout);
  int64_t depth = layout.getKind() == LayoutKind::filter16 ? roundUpToBlock(dims[1]) : dims[1];
  int64_t bytes = roundUpToBlock(dims[0]) * depth * dims[2] * dims[3] * elementBytes(layout);
  return balanced ? bytes + runtime::balanceFloats(blocksOf(dims[0]), blocksOf(dims[1])) * elementBytes(layout) : bytes;
}
