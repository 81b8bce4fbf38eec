// The input's transform as a step of its own, one row of tiles of one channel block a unit.
//
// Where a picture has several groups, threads share the convolution out by groups, and here by rows of tiles, so that a core
// mostly multiplies windows that it wrote. A single group's windows are held twice instead (ir/plan/Layout.h): where cores
// are far apart, lines that one writes and both read cost more than transforming them again.
#include "codegen/x86/kernel/UnitOrder.h"
#include "codegen/x86/kernel/WinogradWindows.h"

using namespace skip::kernel;
using Param = WinogradInputParam;

static WindowSource sourceOf(Builder &b) {
  return {b.operand(0),         b.param(Param::inImage), b.param(Param::inBlock), b.param(Param::inRow),
          b.param(Param::rows), b.param(Param::columns), b.param(Param::padding)};
}

/// Where position 0 of a tile goes.
static Value target(Builder &b, const WinogradInputSpec &spec, Value tile, Value blockOfCopies) {
  Value copy = b.divide(blockOfCopies, b.param(Param::inBlocks)), block = b.modulo(blockOfCopies, b.param(Param::inBlocks));
  int64_t points = spec.taps.points(spec.tile),
          positions = skip::plan::winogradPhases(spec.taps, spec.channels) * points * points;
  int64_t vectors = positions * skip::plan::winogradPositionVectors(spec.group);
  Value group = b.constant(spec.group), blocks = b.add(b.mul(b.divide(tile, group), b.param(Param::inBlocks)), block);
  Value result = b.at(b.operand(1), b.mul(copy, b.param(Param::copyFloats)));
  return b.at(result, b.mul(b.add(b.mul(blocks, vectors), b.modulo(tile, group)), kLanes));
}

void skip::kernel::emitWinogradInput(mlir::ModuleOp module, llvm::StringRef name, const WinogradInputSpec &spec) {
  Builder b(module, name);
  std::unique_ptr<WinogradWindows> windows = winogradWindows(b, spec, sourceOf(b));
  Value columns = b.param(Param::tileColumns), rows = b.param(Param::tileRows), blocks = b.param(Param::blocks);
  Value tiles = b.mul(b.mul(b.param(Param::images), rows), columns), rowsOutermost = b.less(b.constant(spec.group), tiles);
  UnitOrder order(b, rowsOutermost, blocks, rows);
  Value perImage = b.mul(blocks, rows);
  b.loop(b.begin(), b.end(), 1, [&](Value unit) {
    Value image = b.divide(unit, perImage);
    auto [block, row] = order.at(b.modulo(unit, perImage));
    Value first = b.mul(b.add(b.mul(image, rows), row), columns);
    b.loop(b.constant(0), columns, 1, [&](Value column) {
      windows->emit(image, b.modulo(block, b.param(Param::inBlocks)), row, column,
                    target(b, spec, b.add(first, column), block));
    });
  });
  b.finish();
}
