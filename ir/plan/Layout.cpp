// The arithmetic of layouts.
#include "ir/plan/Layout.h"

#include "runtime/Balance.h"

using namespace skip;
using namespace skip::plan;

int64_t plan::elementBytes(Element element) {
  switch (element) {
  case Element::f32:
    return 4;
  case Element::f16:
  case Element::bf16:
    return 2;
  }
  llvm_unreachable("an element without a size");
}

int64_t plan::lanesOf(LayoutKind kind) { return kind == LayoutKind::planar ? 1 : SKIP_LANES; }

int64_t plan::blocksOf(int64_t channels) {
  int64_t lanes = lanesOf(LayoutKind::blocked);
  return (channels + lanes - 1) / lanes;
}

int64_t plan::roundUpToBlock(int64_t channels) { return blocksOf(channels) * lanesOf(LayoutKind::blocked); }

Strides plan::stridesOf(mlir::RankedTensorType type, LayoutAttr layout) {
  bool picture = type.getRank() == 4;
  int64_t lanes = lanesOf(layout.getKind()), halo = layout.getHalo();
  Strides s;
  s.halo = halo;
  s.channels = type.getDimSize(1);
  s.height = picture ? type.getDimSize(2) : 1;
  s.width = picture ? type.getDimSize(3) : 1;
  s.blocks = (s.channels + lanes - 1) / lanes;
  s.pixel = lanes;
  s.row = (s.width + 2 * halo) * lanes;
  s.block = (s.height + 2 * halo) * s.row;
  s.image = s.blocks * s.block;
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
  return stridesOf(type, layout).image * batch * elementBytes(layout);
}

int64_t plan::packedBytes(llvm::ArrayRef<int64_t> dims, LayoutAttr layout, bool balanced) {
  int64_t depth = layout.getKind() == LayoutKind::filter16 ? roundUpToBlock(dims[1]) : dims[1];
  int64_t bytes = roundUpToBlock(dims[0]) * depth * dims[2] * dims[3] * elementBytes(layout);
  return balanced ? bytes + runtime::balanceFloats(blocksOf(dims[0]), blocksOf(dims[1])) * elementBytes(layout) : bytes;
}
