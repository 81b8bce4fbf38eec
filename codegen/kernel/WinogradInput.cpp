// The input's transform as a step of its own, one row of tiles of one channel block a unit.
#include "codegen/kernel/WinogradWindows.h"

using namespace skip::kernel;
using Param = WinogradInputParam;

static WindowSource sourceOf(Builder &b) {
  return {b.operand(0),         b.param(Param::inImage), b.param(Param::inBlock), b.param(Param::inRow),
          b.param(Param::rows), b.param(Param::columns), b.param(Param::padding)};
}

/// Where position 0 of a tile goes.
static Value target(Builder &b, const WinogradInputSpec &spec, Value tile, Value block) {
  int64_t points = spec.taps.points(spec.tile),
          positions = skip::plan::winogradPhases(spec.taps, spec.channels) * points * points;
  int64_t vectors = positions * skip::plan::winogradPositionVectors(spec.group);
  Value group = b.constant(spec.group), blocks = b.add(b.mul(b.divide(tile, group), b.param(Param::blocks)), block);
  return b.at(b.operand(1), b.mul(b.add(b.mul(blocks, vectors), b.modulo(tile, group)), kLanes));
}

void skip::kernel::emitWinogradInput(mlir::ModuleOp module, llvm::StringRef name, const WinogradInputSpec &spec) {
  Builder b(module, name);
  std::unique_ptr<WinogradWindows> windows = winogradWindows(b, spec, sourceOf(b));
  b.forEachUnit({1, 1, 1}, [&](std::array<Value, 3> position) {
    auto [image, block, row] = position;
    Value columns = b.param(Param::tileColumns);
    Value first = b.mul(b.add(b.mul(image, b.param(Param::tileRows)), row), columns);
    b.loop(b.constant(0), columns, 1, [&, image = image, block = block, row = row](Value column) {
      windows->emit(image, block, row, column, target(b, spec, b.add(first, column), block));
    });
  });
  b.finish();
}
