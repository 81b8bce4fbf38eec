// Upsampling by a whole factor: a row of the result at a time.
//
// Bilinear: pixel p of the result stands at (p + 1/2) / factor - 1/2 of the input. With p = factor * i + phase that is
// i + (2 phase + 1 - factor) / (2 factor): between i - 1 and i for the first half of the phases, between i and i + 1 for the
// rest, with weights that depend on the phase alone. So columns are unrolled by phases, their weights constants, and a row's
// weight is a quotient of whole numbers, which rounds once.
#include "codegen/x86/kernel/Movement.h"
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace arith = mlir::arith;
using namespace skip::kernel;
using Param = UpsampleParam;
using Position = std::array<Value, 3>;

static constexpr StrideParams kOut = {Param::outImage, Param::outBlock, Param::outRow};
static constexpr StrideParams kIn = {Param::inImage, Param::inBlock, Param::inRow};

namespace {
/// Two input rows and the weight of the second.
struct Rows {
  Value first, second, weight;
};
} // namespace

static Value choose(Builder &b, Value condition, Value yes, Value no) {
  return arith::SelectOp::create(b.op, condition, yes, no);
}

static Value within(Builder &b, Value index, Value size) {
  return b.max(b.constant(0), b.min(index, b.sub(size, b.constant(1))));
}

static Rows rowsFor(Builder &b, const UpsampleSpec &spec, Value plane, Value row) {
  Value factor = b.constant(spec.factor), whole = b.divide(row, factor), phase = b.modulo(row, factor);
  Value distance = b.sub(b.add(b.mul(phase, 2), b.constant(1)), factor); // of 2 factor
  Value isBefore = b.less(distance, b.constant(0));
  Value first = choose(b, isBefore, b.sub(whole, b.constant(1)), whole);
  distance = choose(b, isBefore, b.add(distance, b.constant(2 * spec.factor)), distance);
  Value weight = arith::DivFOp::create(b.op, Value(arith::SIToFPOp::create(b.op, b.op.getF32Type(), distance)),
                                       Value(arith::ConstantOp::create(b.op, b.op.getF32FloatAttr(2.0f * spec.factor))));
  auto pointer = [&](Value index) {
    return b.at(plane, b.mul(within(b, index, b.param(Param::inRows)), b.param(Param::inRow)));
  };
  return {pointer(first), pointer(b.add(first, b.constant(1))), b.splat(weight)};
}

/// (1 - weight) x + weight y.
static Value between(Builder &b, Value x, Value y, Value weight) {
  Value rest = minus(b, b.splat(1.0f), weight);
  return b.fma(weight, y, Value(arith::MulFOp::create(b.op, rest, x)));
}

static void emitBilinearRow(Builder &b, const UpsampleSpec &spec, Value plane, Value to, Value row) {
  Rows rows = rowsFor(b, spec, plane, row);
  Value columns = b.param(Param::inColumns);
  auto pixel = [&](Value column) {
    Value offset = b.mul(within(b, column, columns), kLanes);
    return between(b, b.load(b.at(rows.first, offset)), b.load(b.at(rows.second, offset)), rows.weight);
  };
  Values initial = {pixel(b.constant(0)), pixel(b.constant(0))};
  b.loop(b.constant(0), columns, 1, initial, [&](Value column, ValueRange carried) {
    Value left = carried[0], middle = carried[1], right = pixel(b.add(column, b.constant(1)));
    Value out = b.at(to, b.mul(column, spec.factor * kLanes));
    for (int64_t phase = 0; phase < spec.factor; ++phase) {
      int64_t distance = 2 * phase + 1 - spec.factor;
      auto weight =
          static_cast<float>(distance < 0 ? distance + 2 * spec.factor : distance) / static_cast<float>(2 * spec.factor);
      Value value = distance < 0 ? between(b, left, middle, b.splat(weight)) : between(b, middle, right, b.splat(weight));
      b.store(value, out, phase * kLanes);
    }
    return Values{middle, right};
  });
}

static void emitNearestRow(Builder &b, const UpsampleSpec &spec, Value plane, Value to, Value row) {
  Value from = b.at(plane, b.mul(b.divide(row, b.constant(spec.factor)), b.param(Param::inRow)));
  b.loop(b.constant(0), b.param(Param::inColumns), 1, [&](Value column) {
    Value pixel = b.load(b.at(from, b.mul(column, kLanes))), out = b.at(to, b.mul(column, spec.factor * kLanes));
    b.loop(b.constant(0), b.constant(spec.factor), 1, [&](Value copy) { b.store(pixel, b.at(out, b.mul(copy, kLanes))); });
  });
}

void skip::kernel::emitUpsample(mlir::ModuleOp module, llvm::StringRef name, const UpsampleSpec &spec) {
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position position) {
    Value plane = planePointer(b, b.operand(0), kIn, position), to = rowPointer(b, b.operand(1), kOut, position);
    (spec.bilinear ? emitBilinearRow : emitNearestRow)(b, spec, plane, to, position[2]);
    writeHalo(b, b.operand(1), kOut, Param::outHalo, b.param(Param::outRows), b.mul(b.param(Param::inColumns), spec.factor),
              position);
  });
  b.finish();
}
