// Largest and mean values of windows.
#include "codegen/nvptx/kernel/Emitters.h"
#include "codegen/nvptx/kernel/Places.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace skip;
using namespace skip::nvptx;
namespace arith = mlir::arith;

/// The largest of a window's values; positions outside of the picture do not count.
static Values largest(Builder &b, const MaxPoolSpec &spec, const Place &place, const Array &input) {
  Value lowest = b.floatConstant(-std::numeric_limits<float>::infinity());
  Values best(spec.input.lanes(), lowest);
  return forTaps(b, spec.input, spec.window, place, best, [&](const Tap &tap, ValueRange carried) {
    Values next, read = b.loadVector(input, offsetOf(b, spec.input, place.image, tap.pixel, place.channel), spec.input.lanes());
    for (auto [value, old] : llvm::zip_equal(read, carried))
      next.push_back(b.maximumOrNan(b.select(tap.isInside, value, lowest), old));
    return next;
  });
}

void nvptx::emitMaxPool(Builder &b, const MaxPoolSpec &spec, const Blocks &blocks, ValueRange operands) {
  forPoint(b, blocks, spec.result.pixels() * spec.result.vectors(), [&](Value point) {
    Place place = placeOf(b, spec.result, point);
    b.storeVector(largest(b, spec, place, {operands[0], spec.input.element}), {operands[1], spec.result.element},
                  b.mul(point, spec.result.lanes()));
  });
}

static Values sumOf(Builder &b, const AvgPoolSpec &spec, const Place &place, const Array &input) {
  Values zeros(spec.input.lanes(), b.floatConstant(0));
  return forTaps(b, spec.input, spec.window, place, zeros, [&](const Tap &tap, ValueRange carried) {
    Values next, read = b.loadVector(input, offsetOf(b, spec.input, place.image, tap.pixel, place.channel), spec.input.lanes());
    for (auto [value, old] : llvm::zip_equal(read, carried))
      next.push_back(b.plus(old, b.select(tap.isInside, value, b.floatConstant(0))));
    return next;
  });
}

/// How many of a window's rows, or columns, count: from `before` in front of the picture on, where the window's first one may
/// lie too, up to `behind` past its `size`.
static Value counted(Builder &b, Value position, int64_t stride, int64_t kernel, int64_t before, int64_t size, int64_t behind,
                     bool withPadding) {
  Value first = b.sub(b.mul(position, stride), b.constant(before));
  Value end = b.min(b.add(first, kernel), b.constant(size + (withPadding ? behind : 0)));
  return b.sub(end, withPadding ? first : arith::MaxSIOp::create(b.op, first, b.constant(0)));
}

/// What the sum is divided by, an integer.
static Value divisorOf(Builder &b, const AvgPoolSpec &spec, const Place &place) {
  const Window &window = spec.window;
  bool withPadding = spec.divisor == AvgPoolSpec::Divisor::withPadding;
  Value rows =
      counted(b, place.y, window.strideRows, window.kernelHeight, window.top, spec.input.height, spec.bottom, withPadding);
  Value columns =
      counted(b, place.x, window.strideColumns, window.kernelWidth, window.left, spec.input.width, spec.right, withPadding);
  return arith::MulIOp::create(b.op, rows, columns);
}

void nvptx::emitAvgPool(Builder &b, const AvgPoolSpec &spec, const Blocks &blocks, ValueRange operands) {
  forPoint(b, blocks, spec.result.pixels() * spec.result.vectors(), [&](Value point) {
    Place place = placeOf(b, spec.result, point);
    Values values = sumOf(b, spec, place, {operands[0], spec.input.element});
    if (spec.divisor != AvgPoolSpec::Divisor::one) {
      Value divisor = arith::SIToFPOp::create(b.op, b.op.getF32Type(), divisorOf(b, spec, place));
      for (Value &value : values)
        value = b.quotient(value, divisor);
    }
    b.storeVector(values, {operands[1], spec.result.element}, b.mul(point, spec.result.lanes()));
  });
}
