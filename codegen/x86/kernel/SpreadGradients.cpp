// The gradients of average poolings and of bilinear upsampling: a pixel of the result adds up what each pixel of dy that it had
// a part in gives back, in reading order.
#include "codegen/x86/kernel/FamilyGradients.h"
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace arith = mlir::arith;
using namespace skip::kernel;
using Position = std::array<Value, 3>;

static Value number(Builder &b, Value integer) { return arith::SIToFPOp::create(b.op, b.op.getF32Type(), integer); }
static Value constant(Builder &b, float value) { return arith::ConstantOp::create(b.op, b.op.getF32FloatAttr(value)); }
static Value times(Builder &b, Value x, Value y) { return arith::MulFOp::create(b.op, x, y); }
static Value choose(Builder &b, Value condition, Value yes, Value no) {
  return arith::SelectOp::create(b.op, condition, yes, no);
}

namespace {
/// A pooling along one axis.
struct PoolAxis {
  int64_t kernel, stride;
  Value size, outputs, before, after;

  /// The windows [first, last) that a pixel lies in.
  std::pair<Value, Value> windowsOf(Builder &b, Value pixel) const {
    Value place = b.add(pixel, before), first = b.ceilDiv(b.max(b.constant(0), b.sub(place, b.constant(kernel - 1))), stride);
    return {first, b.min(b.add(b.divide(place, b.constant(stride)), b.constant(1)), outputs)};
  }
  /// How many pixels of a window count.
  Value count(Builder &b, Value window, bool includePad) const {
    Value start = b.sub(b.mul(window, stride), before), stop = b.add(start, b.constant(kernel));
    if (includePad)
      return b.sub(b.min(stop, b.add(size, after)), start);
    return b.sub(b.min(stop, size), b.max(start, b.constant(0)));
  }
};
} // namespace

void skip::kernel::emitAvgPoolGrad(mlir::ModuleOp module, llvm::StringRef name, const AvgPoolGradSpec &spec) {
  using P = AvgPoolGradParam;
  constexpr StrideParams in = {P::dyImage, P::dyBlock, P::dyRow}, out = {P::outImage, P::outBlock, P::outRow};
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position at) {
    PoolAxis rows{spec.kernelHeight,  spec.strideRows, b.param(P::rows),
                  b.param(P::dyRows), b.param(P::top), b.param(P::bottom)};
    PoolAxis columns{spec.kernelWidth,      spec.strideColumns, b.param(P::columns),
                     b.param(P::dyColumns), b.param(P::left),   b.param(P::right)};
    Value dy = planePointer(b, b.operand(0), in, at), to = rowPointer(b, b.operand(1), out, at);
    auto [top, bottom] = rows.windowsOf(b, at[2]);
    b.loop(b.constant(0), b.param(P::columns), 1, [&, top = top, bottom = bottom](Value x) {
      auto [left, right] = columns.windowsOf(b, x);
      Values total = b.loop(top, bottom, 1, b.splat(0.0f), [&, left = left, right = right](Value p, ValueRange outer) {
        Value row = b.at(dy, b.mul(p, b.param(P::dyRow)));
        return b.loop(left, right, 1, outer, [&](Value q, ValueRange carried) {
          Value gradient = b.load(b.at(row, b.mul(q, kLanes)));
          if (spec.sum)
            return Values{plus(b, carried[0], gradient)};
          Value count = b.mul(rows.count(b, p, spec.includePad), columns.count(b, q, spec.includePad));
          Value share = arith::DivFOp::create(b.op, constant(b, 1), number(b, count));
          return Values{b.fma(gradient, b.splat(share), carried[0])};
        });
      });
      b.store(total[0], b.at(to, b.mul(x, kLanes)));
    });
    writeHalo(b, b.operand(1), out, P::outHalo, b.param(P::rows), b.param(P::columns), at);
  });
  b.finish();
}

/// How much of pixel `target`, one of `size`, is in pixel `index` of a bilinear upsampling (Upsample.cpp).
static Value shareOf(Builder &b, int64_t factor, Value index, Value target, Value size) {
  Value whole = b.divide(index, b.constant(factor)), phase = b.modulo(index, b.constant(factor));
  Value distance = b.sub(b.add(b.mul(phase, 2), b.constant(1)), b.constant(factor)); // of 2 factor
  Value isBefore = b.less(distance, b.constant(0));
  Value first = choose(b, isBefore, b.sub(whole, b.constant(1)), whole);
  distance = choose(b, isBefore, b.add(distance, b.constant(2 * factor)), distance);
  Value weight = arith::DivFOp::create(b.op, number(b, distance), constant(b, static_cast<float>(2 * factor)));
  auto within = [&](Value place) { return b.max(b.constant(0), b.min(place, b.sub(size, b.constant(1)))); };
  Value zero = constant(b, 0), rest = arith::SubFOp::create(b.op, constant(b, 1), weight);
  Value ofFirst = choose(b, b.equal(within(first), target), rest, zero);
  Value ofSecond = choose(b, b.equal(within(b.add(first, b.constant(1))), target), weight, zero);
  return arith::AddFOp::create(b.op, ofFirst, ofSecond);
}

/// What may have a part of pixel `target`.
static std::pair<Value, Value> reach(Builder &b, int64_t factor, Value target, Value size) {
  Value first = b.mul(b.max(b.constant(0), b.sub(target, b.constant(1))), factor);
  return {first, b.mul(b.min(size, b.add(target, b.constant(2))), factor)};
}

void skip::kernel::emitUpsampleGrad(mlir::ModuleOp module, llvm::StringRef name, const UpsampleGradSpec &spec) {
  using P = UpsampleGradParam;
  constexpr StrideParams in = {P::dyImage, P::dyBlock, P::dyRow}, out = {P::outImage, P::outBlock, P::outRow};
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position at) {
    Value dy = planePointer(b, b.operand(0), in, at), to = rowPointer(b, b.operand(1), out, at);
    Value rows = b.param(P::rows), columns = b.param(P::columns);
    auto [top, bottom] = reach(b, spec.factor, at[2], rows);
    b.loop(b.constant(0), columns, 1, [&, top = top, bottom = bottom](Value x) {
      auto [left, right] = reach(b, spec.factor, x, columns);
      Values total = b.loop(top, bottom, 1, b.splat(0.0f), [&, left = left, right = right](Value p, ValueRange outer) {
        Value ofRow = shareOf(b, spec.factor, p, at[2], rows), row = b.at(dy, b.mul(p, b.param(P::dyRow)));
        return b.loop(left, right, 1, outer, [&](Value q, ValueRange carried) {
          Value share = times(b, ofRow, shareOf(b, spec.factor, q, x, columns));
          return Values{b.fma(b.load(b.at(row, b.mul(q, kLanes))), b.splat(share), carried[0])};
        });
      });
      b.store(total[0], b.at(to, b.mul(x, kLanes)));
    });
    writeHalo(b, b.operand(1), out, P::outHalo, rows, columns, at);
  });
  b.finish();
}
