// Shortcut option A: subsampled pixels, zero channels around the old ones.
//
// Where `before` is no multiple of 16, each output block takes its first lanes from the end of one input block and its last
// lanes from the beginning of the next:
//
//   before = 8    input   | a .. h  i .. p | q .. x  y .. F |
//                 output  | 0 .. 0  a .. h | i .. p  q .. x | y .. F  0 .. 0 |
//
// Either of them may not exist, which holds for a whole row: a row is emitted once for each case, without branches inside.
#include "codegen/x86/kernel/Movement.h"
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include "llvm/Support/MathExtras.h"

using namespace skip::kernel;
using Param = PadChannelsParam;
using Position = std::array<Value, 3>;

static constexpr StrideParams kOut = {Param::outImage, Param::outBlock, Param::outRow};

/// Pointers to the first input pixels of a row; a null one stands for zeros.
struct InputRows {
  Value previous, current; // the block that gives the first `before % 16` lanes, and that which gives the rest
};

/// Channels before the result's, in whole blocks and then lanes: -8 are one block less and 8 lanes more.
static int64_t blocksBefore(const PadChannelsSpec &spec) { return llvm::divideFloorSigned(spec.before, kLanes); }
static int64_t lanesBefore(const PadChannelsSpec &spec) { return spec.before - blocksBefore(spec) * kLanes; }

static Value shiftedPixel(Builder &b, const PadChannelsSpec &spec, const InputRows &rows, Value offset) {
  int64_t shift = lanesBefore(spec);
  Value current = rows.current ? b.load(b.at(rows.current, offset)) : b.splat(0.0f);
  if (shift == 0)
    return current;
  Value previous = rows.previous ? b.load(b.at(rows.previous, offset)) : b.splat(0.0f);
  llvm::SmallVector<int64_t, kLanes> lanes;
  for (int64_t lane = 0; lane < kLanes; ++lane)
    lanes.push_back(kLanes - shift + lane);
  return shuffle(b, previous, current, lanes);
}

static void emitPixels(Builder &b, const PadChannelsSpec &spec, const InputRows &rows, Value outRow, ValueRange lanes) {
  b.loop(b.constant(0), b.param(Param::outColumns), 1, [&](Value column) {
    Value pixel = shiftedPixel(b, spec, rows, b.mul(column, spec.stride * kLanes));
    b.store(lanes.empty() ? pixel : select(b, lanes[0], pixel, b.splat(0.0f)), b.at(outRow, b.mul(column, kLanes)));
  });
}

static Value inputRow(Builder &b, const PadChannelsSpec &spec, Position position, Value block) {
  Value row = b.mul(b.mul(position[2], spec.stride), b.param(Param::inRow));
  Value image = b.mul(position[0], b.param(Param::inImage));
  return b.at(b.operand(0), b.add(b.add(image, b.mul(block, b.param(Param::inBlock))), row));
}

static Value hasBlock(Builder &b, Value block) {
  Value first = b.less(b.constant(-1), block), last = b.less(block, b.param(Param::inBlocks));
  return mlir::arith::AndIOp::create(b.op, first, last);
}

static void emitInterior(Builder &b, const PadChannelsSpec &spec, Position position, Value outRow) {
  Value current = b.sub(position[1], b.constant(blocksBefore(spec))), previous = b.sub(current, b.constant(1));
  Values lanes = existingLanes(b, spec.lastLanes, b.param(Param::outBlocks), position[1], 1);
  auto rowIf = [&](bool exists, Value block) { return exists ? inputRow(b, spec, position, block) : Value(); };
  branch(b, hasBlock(b, current), [&](bool hasCurrent) {
    if (lanesBefore(spec) == 0)
      return emitPixels(b, spec, {.previous = Value(), .current = rowIf(hasCurrent, current)}, outRow, lanes);
    branch(b, hasBlock(b, previous), [&](bool hasPrevious) {
      emitPixels(b, spec, {.previous = rowIf(hasPrevious, previous), .current = rowIf(hasCurrent, current)}, outRow, lanes);
    });
  });
}

static void emitRow(Builder &b, const PadChannelsSpec &spec, Position position) {
  Value out = b.operand(1);
  emitInterior(b, spec, position, rowPointer(b, out, kOut, position));
  writeHalo(b, out, kOut, Param::outHalo, b.param(Param::outRows), b.param(Param::outColumns), position);
}

void skip::kernel::emitPadChannels(mlir::ModuleOp module, llvm::StringRef name, const PadChannelsSpec &spec) {
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position position) { emitRow(b, spec, position); });
  b.finish();
}
