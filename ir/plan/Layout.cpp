// The arithmetic of layouts.
#include "ir/plan/Layout.h"

#include "runtime/Balance.h"

using namespace skip;
using namespace skip::plan;

Strides plan::stridesOf(mlir::RankedTensorType type, LayoutAttr layout) {
  bool blocked = layout.getKind() == LayoutKind::blocked, picture = type.getRank() == 4;
  int64_t lanes = blocked ? 16 : 1, halo = layout.getHalo();
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
  int64_t blocks = planar ? 1 : winogradPhases(taps, planar) * roundUpToBlock(type.getDimSize(1)) / 16;
  return groups * blocks * points * points * winogradPositionVectors(group) * 16 * int64_t(sizeof(float));
}

int64_t plan::bufferBytes(mlir::RankedTensorType type, LayoutAttr layout, int64_t batch) {
  if (layout.getKind() == LayoutKind::winograd)
    return winogradBytes(type, layout, batch) * winogradCopies(type, layout, batch);
  return stridesOf(type, layout).image * batch * int64_t(sizeof(float));
}

int64_t plan::packedBytes(llvm::ArrayRef<int64_t> dims, LayoutAttr layout, bool balanced) {
  int64_t depth = layout.getKind() == LayoutKind::filter16 ? roundUpToBlock(dims[1]) : dims[1];
  int64_t factors = balanced ? runtime::balanceFloats(roundUpToBlock(dims[0]) / 16, depth / 16) : 0;
  return (roundUpToBlock(dims[0]) * depth * dims[2] * dims[3] + factors) * int64_t(sizeof(float));
}
