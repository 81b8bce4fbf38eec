// Direct convolutions: work units cut into register tiles.
//
// A unit is `schedule.rows` output rows of `schedule.ocBlocks` blocks of output channels. Its columns are covered by full
// tiles, then by the schedule's tails, each at most once; where fewer rows than `schedule.rows` remain of the picture, each is
// covered by tiles of one row. Every size but the tile's is a run-time parameter. The unit also writes the zeros around its
// rows.
//
// The order of an image's units decides what streams through the caches: with rows innermost a few blocks' weights stay near
// while the input is read again for each of them; with blocks innermost a few input rows stay near while all weights are read
// again for each. The smaller of the two tensors is the one to read again: 64 -> 256 channels at 56 x 56 has 64 KB of weights
// and 800 KB of input, so blocks go innermost; 512 -> 512 channels of 3 x 3 at 7 x 7 is the opposite case.
#include "codegen/x86/kernel/DirectTile.h"
#include "codegen/x86/kernel/Strassen.h"
#include "codegen/x86/kernel/UnitOrder.h"

using namespace skip::kernel;

namespace {

class ConvEmitter {
public:
  ConvEmitter(Builder &b, const ConvSpec &spec) : b(b), spec(spec), operands(loadOperands(b, spec)) {}

  void emit() {
    int64_t blocks = spec.schedule.ocBlocks, rows = spec.schedule.rows;
    Value blockUnits = b.ceilDiv(b.param(ConvParam::outBlocks), blocks), rowUnits = b.ceilDiv(operands.outRows, rows);
    Value blocksInnermost = b.less(weightElements(), inputElements());
    UnitOrder order(b, blocksInnermost, blockUnits, rowUnits);
    Value perImage = b.mul(blockUnits, rowUnits);
    b.loop(b.begin(), b.end(), 1, [&](Value index) {
      UnitOrder::Place at = order.at(b.modulo(index, perImage));
      unit(b.divide(index, perImage), b.mul(at.block, blocks), b.mul(at.other, rows));
    });
  }

private:
  /// Of the main root.
  Value weightElements() { return b.mul(operands.roots[0].weightBlock, b.param(ConvParam::outBlocks)); }
  Value inputElements() { return b.mul(operands.roots[0].input.block, operands.roots[0].inBlocks); }

  void unit(Value image, Value block, Value row) {
    ConvTile tile{spec.schedule.ocBlocks, 1, 0, image, block, row, Value()};
    if (spec.schedule.rows == 1)
      return strip(tile);
    Value end = b.add(row, b.constant(spec.schedule.rows));
    auto full = [&] {
      tile.rows = spec.schedule.rows;
      strip(tile);
      return Values();
    };
    auto rest = [&] {
      b.loop(row, operands.outRows, 1, [&](Value single) { strip({tile.blocks, 1, 0, image, block, single, Value()}); });
      return Values();
    };
    b.when(b.less(operands.outRows, end), rest, full);
  }

  /// All columns of the tile's rows, and the halo beside them.
  void strip(ConvTile tile) {
    int64_t columns = tile.columns = spec.schedule.columns;
    Value zero = b.constant(0), count = b.mul(b.divide(operands.outColumns, b.constant(columns)), columns);
    b.loop(zero, count, columns, [&](Value column) {
      tile.column = column;
      emitDirectTile(b, spec, operands, tile);
    });
    for (int64_t tail : spec.schedule.tails)
      count = this->tail(tile, tail, count);
    if (!spec.imagesAreColumns)
      writeResultHalo(b, operands, tile.image, tile.block, b.constant(tile.blocks), tile.row, b.constant(tile.rows));
  }

  /// Covers `columns` more columns from `first` on if so many remain; returns the first that is not covered.
  Value tail(ConvTile tile, int64_t columns, Value first) {
    Value end = b.add(first, b.constant(columns));
    auto compute = [&] {
      tile.columns = columns;
      tile.column = first;
      emitDirectTile(b, spec, operands, tile);
      return Values{end};
    };
    return b.when(b.less(operands.outColumns, end), [&] { return Values{first}; }, compute)[0];
  }

  Builder &b;
  const ConvSpec &spec;
  ConvOperands operands;
};

} // namespace

void skip::kernel::emitConv(mlir::ModuleOp module, llvm::StringRef name, const ConvSpec &spec) {
  if (spec.schedule.unitBlocks > 0)
    return emitStrassenConv(module, name, spec);
  Builder b(module, name);
  b.keepOrder();
  ConvEmitter(b, spec).emit();
  b.finish();
}
