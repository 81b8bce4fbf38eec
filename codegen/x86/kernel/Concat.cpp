// Concatenation of channels.
//
// Where every input but the last has whole blocks of 16 channels, a block of the result is a block of one input, and its rows
// are copied. Else each lane of a block looks for its channel on its own, once a row, and the row's pixels are gathered from
// there:
//
//   8 and 24 channels   result  | a0 .. a7 b0 .. b7 | b8 .. b23 |
#include "codegen/x86/kernel/Gather.h"
#include "codegen/x86/kernel/Movement.h"
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace arith = mlir::arith;
using namespace skip::kernel;
using Param = ConcatParam;
using Position = std::array<Value, 3>;

static constexpr StrideParams kOut = {Param::outImage, Param::outBlock, Param::outRow};

static Value strideOf(Builder &b, size_t input, unsigned which) {
  return b.param(Param::count + static_cast<unsigned>(input) * 3 + which);
}

/// Where a row of an input begins, in its first block.
static Value rowOf(Builder &b, size_t input, Position position) {
  Value offset = b.add(b.mul(position[0], strideOf(b, input, 0)), b.mul(position[2], strideOf(b, input, 2)));
  return b.at(b.operand(static_cast<unsigned>(input)), offset);
}

static bool isAligned(const ConcatSpec &spec) {
  return llvm::all_of(llvm::ArrayRef(spec.channels).drop_back(), [](int64_t channels) { return channels % kLanes == 0; });
}

/// The row of the one input that has the block.
static Value sourceOf(Builder &b, const ConcatSpec &spec, Position position) {
  Value source;
  int64_t first = 0;
  for (size_t input = 0; input < spec.channels.size(); ++input) {
    Value block = b.sub(position[1], b.constant(first));
    Value row = b.at(rowOf(b, input, position), b.mul(block, strideOf(b, input, 1)));
    Value isBehind = b.less(position[1], b.constant(first));
    source = source ? Value(arith::SelectOp::create(b.op, isBehind, source, row)) : row;
    first += spec.channels[input] / kLanes;
  }
  return source;
}

/// For each lane the address of its channel's first pixel; of a channel behind the last, that of the last.
static Value sourcesOf(Builder &b, const ConcatSpec &spec, Position position) {
  int64_t all = 0;
  for (int64_t channels : spec.channels)
    all += channels;
  Value channel = lanesAsIntegers(b, b.mul(position[1], kLanes)), sources;
  channel = arith::MinSIOp::create(b.op, channel, everywhere(b, b.constant(all - 1)));
  int64_t first = 0;
  for (size_t input = 0; input < spec.channels.size(); ++input) {
    Value own = arith::SubIOp::create(b.op, channel, everywhere(b, b.constant(first)));
    Value places = placesOf(b, rowOf(b, input, position), channelOffsets(b, own, strideOf(b, input, 1)));
    Value isHere = arith::CmpIOp::create(b.op, arith::CmpIPredicate::sge, own, everywhere(b, b.constant(0)));
    sources = sources ? Value(arith::SelectOp::create(b.op, isHere, places, sources)) : places;
    first += spec.channels[input];
  }
  return sources;
}

static void emitRow(Builder &b, const ConcatSpec &spec, Position position) {
  Value out = b.operand(static_cast<unsigned>(spec.channels.size())), columns = b.param(Param::columns);
  Value to = rowPointer(b, out, kOut, position);
  if (isAligned(spec)) {
    copyElements(b, sourceOf(b, spec, position), to, b.mul(columns, kLanes));
  } else {
    int64_t all = 0;
    for (int64_t channels : spec.channels)
      all += channels;
    Values lanes = existingLanes(b, all % kLanes, b.param(Param::outBlocks), position[1], 1);
    Value sources = sourcesOf(b, spec, position);
    b.loop(b.constant(0), columns, 1, [&](Value column) {
      Value offset = b.mul(column, kLanes), pixel = gatherAt(b, sources, offset);
      b.store(lanes.empty() ? pixel : select(b, lanes[0], pixel, b.splat(0.0f)), b.at(to, offset));
    });
  }
  writeHalo(b, out, kOut, Param::outHalo, b.param(Param::rows), columns, position);
}

void skip::kernel::emitConcat(mlir::ModuleOp module, llvm::StringRef name, const ConcatSpec &spec) {
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position position) { emitRow(b, spec, position); });
  b.finish();
}
