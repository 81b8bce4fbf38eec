// A unit is `schedule.rows` output rows of `schedule.ocBlocks` blocks of output channels. Its columns are covered by full
// tiles, then by the schedule's tails, each at most once; where fewer rows than `schedule.rows` remain of the picture, each is
// covered by tiles of one row. Every size but the tile's is a run-time parameter.
//
// The order of an image's units decides what streams through the caches: with rows innermost a few blocks' weights stay near
// while the input is read again for each of them; with blocks innermost a few input rows stay near while all weights are read
// again for each. The smaller of the two tensors is the one to read again: 64 -> 256 channels at 56 x 56 has 64 KB of weights
// and 800 KB of input, so blocks go innermost; 512 -> 512 channels of 3 x 3 at 7 x 7 is the opposite case.
#include "codegen/x86/kernel/ConvUnits.h"

#include "codegen/x86/kernel/UnitOrder.h"

using namespace skip;
using namespace skip::kernel;

using Strip = llvm::function_ref<void(const ConvTile &tile)>;

static void unit(Builder &b, const ConvOperands &operands, const plan::ConvSchedule &schedule, ConvTile tile, Strip strip) {
  if (schedule.rows == 1)
    return strip(tile);
  Value row = tile.row, end = b.add(row, b.constant(schedule.rows));
  auto full = [&] {
    tile.rows = schedule.rows;
    strip(tile);
    return Values();
  };
  auto rest = [&] {
    b.loop(row, operands.outRows, 1,
           [&](Value single) { strip({tile.blocks, 1, 0, tile.image, tile.block, single, Value()}); });
    return Values();
  };
  b.when(b.less(operands.outRows, end), rest, full);
}

void skip::kernel::forEachStrip(Builder &b, const ConvOperands &operands, const plan::ConvSchedule &schedule, Strip strip) {
  int64_t blocks = schedule.ocBlocks, rows = schedule.rows;
  Value blockUnits = b.ceilDiv(b.param(ConvParam::outBlocks), blocks), rowUnits = b.ceilDiv(operands.outRows, rows);
  const ConvRootOperands &main = operands.roots[0];
  Value weightElements = b.mul(main.weightBlock, b.param(ConvParam::outBlocks));
  Value inputElements = b.mul(main.input.block, main.inBlocks);
  Value blocksInnermost = b.less(weightElements, inputElements);
  UnitOrder order(b, blocksInnermost, blockUnits, rowUnits);
  Value perImage = b.mul(blockUnits, rowUnits);
  b.loop(b.begin(), b.end(), 1, [&](Value index) {
    UnitOrder::Place at = order.at(b.modulo(index, perImage));
    Value image = b.divide(index, perImage), block = b.mul(at.block, blocks), row = b.mul(at.other, rows);
    unit(b, operands, schedule, {blocks, 1, 0, image, block, row, Value()}, strip);
  });
}

/// Covers `columns` more columns from `first` on if so many remain; returns the first that is not covered.
static Value tail(Builder &b, Value outColumns, ConvTile tile, int64_t columns, Value first, Strip emit) {
  Value end = b.add(first, b.constant(columns));
  auto compute = [&] {
    tile.columns = columns;
    tile.column = first;
    emit(tile);
    return Values{end};
  };
  return b.when(b.less(outColumns, end), [&] { return Values{first}; }, compute)[0];
}

void skip::kernel::forEachTile(Builder &b, const plan::ConvSchedule &schedule, Value outColumns, ConvTile strip, Strip emit) {
  int64_t columns = strip.columns = schedule.columns;
  Value zero = b.constant(0), count = b.mul(b.divide(outColumns, b.constant(columns)), columns);
  b.loop(zero, count, columns, [&](Value column) {
    strip.column = column;
    emit(strip);
  });
  for (int64_t columns : schedule.tails)
    count = tail(b, outColumns, strip, columns, count, emit);
}
