// Layout changes, a row of one block (planar to planar: of one channel) at a time.
//
// Where the layout stays, a row is copied. Where it changes, squares of 16 pixels by 16 channels are transposed in registers;
// what is left of a row, and blocks with padding channels, take the same path with masks: a lane whose pixel or channel does
// not exist is neither read nor written. A flat [N, C] side is a picture of one pixel whose channels lie side by side: its
// blocks are vectors already.
//
// On one Zen 5 core with AVX-512, where memcpy reads and writes 118 GB/s: the caller's 3x224x224 picture gets its halo at 95
// GB/s, 64x56x56 is transposed at 97 GB/s. Short rows pay for masks: the flatten of 512x7x7 runs at 45 GB/s, or at 110 GB/s as
// one row of 49, which the parameters allow wherever neither side has a halo.
#include "codegen/x86/kernel/Movement.h"
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace skip::kernel;
using Param = RelayoutParam;
using Position = std::array<Value, 3>;

static constexpr StrideParams kFrom = {Param::fromImage, Param::fromBlock, Param::fromRow};
static constexpr StrideParams kTo = {Param::toImage, Param::toBlock, Param::toRow};

/// One row of a transposition: 16 channels (fewer in the last block) by the picture's columns.
struct TransposedRow {
  bool toPlanar;
  Value planar, channelStride; // first channel of the block
  Value blocked;
  Value channels; // that exist
};

/// The planar operand's strides: its blocks are single channels.
static StrideParams planarStrides(const RelayoutSpec &spec) { return spec.fromPlanar ? kFrom : kTo; }

static Position channelPosition(Builder &b, Position position) {
  return {position[0], b.mul(position[1], kLanes), position[2]};
}

static Value channelsOfBlock(Builder &b, Value block) {
  return b.min(b.sub(b.param(Param::channels), b.mul(block, kLanes)), b.constant(kLanes));
}

/// Channel `channel` of the row, `column` pixels in.
static Value planarAt(Builder &b, const TransposedRow &row, int64_t channel, Value column) {
  return b.at(row.planar, b.add(b.mul(row.channelStride, channel), column));
}

static void transposeFullSquare(Builder &b, const TransposedRow &row, Value column) {
  Value pixels = b.at(row.blocked, b.mul(column, kLanes));
  Square square;
  for (int64_t i = 0; i < kLanes; ++i)
    square[i] = row.toPlanar ? b.load(pixels, i * kLanes) : b.load(planarAt(b, row, i, column));
  square = transpose(b, square);
  for (int64_t i = 0; i < kLanes; ++i)
    b.store(square[i], row.toPlanar ? planarAt(b, row, i, column) : b.at(pixels, i * kLanes));
}

/// `count` where index < limit, else 0.
static Value countIf(Builder &b, int64_t index, Value limit, Value count) {
  return select(b, b.less(b.constant(index), limit), count, b.constant(0));
}

/// A square of which `pixelCount` pixels and `row.channels` channels exist.
static void transposePartialSquare(Builder &b, const TransposedRow &row, Value column, Value pixelCount) {
  Value pixels = b.at(row.blocked, b.mul(column, kLanes)), all = b.constant(kLanes);
  auto pixelMask = [&](int64_t pixel) { return lanesBelow(b, countIf(b, pixel, pixelCount, all)); };
  auto channelMask = [&](int64_t channel) { return lanesBelow(b, countIf(b, channel, row.channels, pixelCount)); };
  Square square;
  for (int64_t i = 0; i < kLanes; ++i)
    square[i] = row.toPlanar ? loadMasked(b, b.at(pixels, i * kLanes), pixelMask(i))
                             : loadMasked(b, planarAt(b, row, i, column), channelMask(i));
  square = transpose(b, square);
  for (int64_t i = 0; i < kLanes; ++i) {
    if (row.toPlanar)
      storeMasked(b, square[i], planarAt(b, row, i, column), channelMask(i));
    else
      b.when(b.less(b.constant(i), pixelCount), [&] { b.store(square[i], pixels, i * kLanes); });
  }
}

static void transposeRow(Builder &b, const TransposedRow &row) {
  Value columns = b.param(Param::columns), zero = b.constant(0);
  Value wholeSquares = b.mul(b.divide(columns, b.constant(kLanes)), kLanes);
  Value fullEnd = select(b, b.equal(row.channels, b.constant(kLanes)), wholeSquares, zero);
  b.loop(zero, fullEnd, kLanes, [&](Value column) { transposeFullSquare(b, row, column); });
  b.loop(fullEnd, columns, kLanes,
         [&](Value column) { transposePartialSquare(b, row, column, b.min(b.sub(columns, column), b.constant(kLanes))); });
}

/// One pixel, its channels side by side.
static void moveFlatBlock(Builder &b, const TransposedRow &row) {
  Value mask = lanesBelow(b, row.channels);
  if (row.toPlanar)
    storeMasked(b, b.load(row.blocked), row.planar, mask);
  else
    b.store(loadMasked(b, row.planar, mask), row.blocked);
}

static void emitTransposition(Builder &b, const RelayoutSpec &spec, Position position) {
  Value from = b.operand(0), to = b.operand(1);
  StrideParams planar = planarStrides(spec);
  TransposedRow row = {
      .toPlanar = spec.toPlanar,
      .planar = rowPointer(b, spec.toPlanar ? to : from, planar, channelPosition(b, position)),
      .channelStride = b.param(planar.block),
      .blocked = spec.toPlanar ? rowPointer(b, from, kFrom, position) : rowPointer(b, to, kTo, position),
      .channels = channelsOfBlock(b, position[1]),
  };
  branch(b, b.equal(row.channelStride, b.constant(1)), [&](bool flat) { flat ? moveFlatBlock(b, row) : transposeRow(b, row); });
}

static void emitCopy(Builder &b, const RelayoutSpec &spec, Position position) {
  Value elements = b.mul(b.param(Param::columns), spec.fromPlanar ? 1 : kLanes);
  copyElements(b, rowPointer(b, b.operand(0), kFrom, position), rowPointer(b, b.operand(1), kTo, position), elements);
}

static void writePlaneHalo(Builder &b, const RelayoutSpec &spec, Position position) {
  writeHalo(b,
            {.plane = planePointer(b, b.operand(1), kTo, position),
             .rowStride = b.param(Param::toRow),
             .rows = b.param(Param::rows),
             .columns = b.param(Param::columns),
             .halo = b.param(Param::toHalo),
             .pixel = spec.toPlanar ? 1 : kLanes},
            position[2]);
}

static void writeHalos(Builder &b, const RelayoutSpec &spec, Position position) {
  if (spec.fromPlanar || !spec.toPlanar)
    return writePlaneHalo(b, spec, position);
  Value first = b.mul(position[1], kLanes), last = b.add(first, channelsOfBlock(b, position[1]));
  b.when(b.less(b.constant(0), b.param(Param::toHalo)),
         [&] { b.loop(first, last, 1, [&](Value channel) { writePlaneHalo(b, spec, {position[0], channel, position[2]}); }); });
}

/// The unit that writes an image's last row writes the zeros behind it.
static void writeTail(Builder &b, Position position) {
  Value tail = b.param(Param::toTail), one = b.constant(1), first = b.constant(0);
  Value lastChannel = b.sub(b.param(Param::channels), one), lastRow = b.sub(b.param(Param::rows), one);
  Value isLast = mlir::arith::AndIOp::create(b.op, b.equal(position[2], lastRow),
                                             b.equal(position[1], b.sub(b.param(Param::blocks), one)));
  b.when(mlir::arith::AndIOp::create(b.op, isLast, b.less(first, tail)), [&] {
    Value row = rowPointer(b, b.operand(1), kTo, {position[0], lastChannel, lastRow});
    Value end = b.at(row, b.param(Param::columns));
    b.loop(first, tail, kLanes, [&](Value i) { storeMasked(b, b.splat(0.0f), b.at(end, i), lanesBelow(b, b.sub(tail, i))); });
  });
}

void skip::kernel::emitRelayout(mlir::ModuleOp module, llvm::StringRef name, const RelayoutSpec &spec) {
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position position) {
    if (spec.fromPlanar == spec.toPlanar)
      emitCopy(b, spec, position);
    else
      emitTransposition(b, spec, position);
    writeHalos(b, spec, position);
    if (spec.toPlanar)
      writeTail(b, position);
  });
  b.finish();
}
