// Kernels in which a warp sums up a row: the lanes take every 32nd value each, then add what they have pairwise, in one order.
#include "codegen/kernel/Constants.h"
#include "codegen/nvptx/kernel/Emitters.h"
#include "codegen/nvptx/kernel/Places.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace skip;
using namespace skip::nvptx;
namespace arith = mlir::arith;

/// The index of this thread in its warp.
static Value laneOf(Builder &b) { return b.modulo(b.thread(), kWarp); }

void nvptx::emitGlobalAvgPool(Builder &b, const GlobalAvgPoolSpec &spec, const Blocks &blocks, ValueRange operands) {
  const Picture &picture = spec.input;
  Array from{operands[0], picture.element}, to{operands[1], picture.element};
  forPoint(b, blocks, picture.vectors(), [&](Value point) {
    Value image = b.divide(point, picture.vectors()), channel = b.mul(b.modulo(point, picture.vectors()), picture.lanes());
    Value start = b.add(b.mul(image, picture.elements()), channel);
    Values zeros(picture.lanes(), b.floatConstant(0));
    Values sums = b.loop(laneOf(b), b.constant(picture.pixels()), kWarp, zeros, [&](Value pixel, ValueRange carried) {
      Values next, read = b.loadVector(from, b.add(start, b.mul(pixel, picture.pixelElements())), picture.lanes());
      for (auto [sum, value] : llvm::zip_equal(carried, read))
        next.push_back(b.plus(sum, value));
      return next;
    });
    for (Value &sum : sums)
      sum = b.quotient(b.acrossWarp(sum, [&](Value x, Value y) { return b.plus(x, y); }),
                       b.floatConstant(static_cast<float>(picture.pixels())));
    b.when(b.below(laneOf(b), 1),
           [&] { b.storeVector(zeroPadding(b, sums, channel, picture.channels), to, b.mul(point, picture.lanes())); });
  });
}

static Value largestOf(Builder &b, const SoftmaxSpec &spec, const Array &input, Value start) {
  Value lowest = b.floatConstant(-std::numeric_limits<float>::infinity());
  Values largest = b.loop(laneOf(b), b.constant(spec.scores.channels), kWarp, lowest, [&](Value index, ValueRange carried) {
    return Values{b.maximum(b.load(input, b.add(start, index)), carried[0])};
  });
  return b.acrossWarp(largest[0], [&](Value x, Value y) { return b.maximum(x, y); });
}

/// In three passes over the classes: their maximum; the sum of the exponentials; the quotients.
void nvptx::emitSoftmax(Builder &b, const SoftmaxSpec &spec, const Blocks &blocks, ValueRange operands) {
  int64_t row = spec.scores.pixelElements();
  Array from{operands[0], spec.scores.element}, to{operands[1], spec.scores.element};
  forPoint(b, blocks, 1, [&](Value image) {
    Value start = b.mul(image, row), largest = largestOf(b, spec, from, start);
    auto exponentialAt = [&](Value index) { return exponential(b, b.minus(b.load(from, b.add(start, index)), largest)); };
    Values sum = b.loop(laneOf(b), b.constant(spec.scores.channels), kWarp, b.floatConstant(0),
                        [&](Value index, ValueRange carried) { return Values{b.plus(carried[0], exponentialAt(index))}; });
    Value all = b.acrossWarp(sum[0], [&](Value x, Value y) { return b.plus(x, y); });
    b.loop(laneOf(b), b.constant(row), kWarp, {}, [&](Value index, ValueRange) {
      Value isClass = b.below(index, spec.scores.channels), read = b.select(isClass, index, b.constant(0));
      Value probability = b.quotient(exponentialAt(read), all);
      b.store(b.select(isClass, probability, b.floatConstant(0)), to, b.add(start, index));
      return Values();
    });
  });
}

/// In two passes over the picture: the largest of the logits; the exponentials' sum, and that of the pixels by them.
void nvptx::emitAttentionPool(Builder &b, const AttentionPoolSpec &spec, const Blocks &blocks, ValueRange operands) {
  const Picture &picture = spec.input;
  Picture logits{1, picture.height, picture.width, picture.element};
  Array from{operands[0], picture.element}, by{operands[1], picture.element}, to{operands[2], picture.element};
  forPoint(b, blocks, picture.vectors(), [&](Value point) {
    Value image = b.divide(point, picture.vectors()), channel = b.mul(b.modulo(point, picture.vectors()), picture.lanes());
    auto logitAt = [&](Value pixel) { return b.load(by, offsetOf(b, logits, image, pixel, b.constant(0))); };
    Value lowest = b.floatConstant(-std::numeric_limits<float>::infinity()), pixels = b.constant(picture.pixels());
    Values most = b.loop(laneOf(b), pixels, kWarp, lowest,
                         [&](Value pixel, ValueRange carried) { return Values{b.maximum(logitAt(pixel), carried[0])}; });
    Value largest = b.acrossWarp(most[0], [&](Value x, Value y) { return b.maximum(x, y); });
    Values zeros(picture.lanes() + 1, b.floatConstant(0)); // the exponentials' sum is the last
    Values sums = b.loop(laneOf(b), pixels, kWarp, zeros, [&](Value pixel, ValueRange carried) {
      Value weight = exponential(b, b.minus(logitAt(pixel), largest));
      Values next;
      for (auto [value, sum] :
           llvm::zip(b.loadVector(from, offsetOf(b, picture, image, pixel, channel), picture.lanes()), carried))
        next.push_back(b.fma(weight, value, sum));
      next.push_back(b.plus(carried.back(), weight));
      return next;
    });
    for (Value &sum : sums)
      sum = b.acrossWarp(sum, [&](Value x, Value y) { return b.plus(x, y); });
    Value all = sums.pop_back_val();
    for (Value &sum : sums)
      sum = b.quotient(sum, all);
    b.when(b.below(laneOf(b), 1),
           [&] { b.storeVector(zeroPadding(b, sums, channel, picture.channels), to, b.mul(point, picture.lanes())); });
  });
}

// As codegen/x86/kernel/Exp.cpp: exp(x) = 2^n * exp(r) with |r| <= ln 2 / 2, where the Taylor polynomial of degree 7 is off by
// 5e-9. A GPU's own ex2.approx would do for the polynomial, but an emulator could not know its last bits.
static Value powerOfTwo(Builder &b, Value exponent) {
  Value bits = arith::ShLIOp::create(b.op, b.add(exponent, kernel::kExponentBias), b.constant(kernel::kMantissaBits));
  return arith::BitcastOp::create(b.op, b.op.getF32Type(), bits);
}

static Value taylor(Builder &b, Value r) {
  constexpr int64_t factorials[] = {1, 1, 2, 6, 24, 120, 720, 5040};
  Value sum = b.floatConstant(1.0f / factorials[7]);
  for (int degree = 6; degree >= 0; --degree)
    sum = b.fma(sum, r, b.floatConstant(1.0f / factorials[degree]));
  return sum;
}

Value nvptx::exponential(Builder &b, Value x) {
  x = b.maximum(b.floatConstant(kernel::kLowest), x);
  Value shifted = b.fma(x, b.floatConstant(kernel::kLog2e), b.floatConstant(kernel::kRounder));
  Value rounded = b.minus(shifted, b.floatConstant(kernel::kRounder));
  Value r = b.fma(rounded, b.floatConstant(-kernel::kLn2Low), b.fma(rounded, b.floatConstant(-kernel::kLn2High), x));
  Value bits = arith::BitcastOp::create(b.op, b.op.getI32Type(), shifted);
  Value n = b.sub(bits, b.constant(kernel::kRounderBits));
  Value half = arith::ShRSIOp::create(b.op, n, b.constant(1));
  return b.times(b.times(taylor(b, r), powerOfTwo(b, half)), powerOfTwo(b, b.sub(n, half)));
}
