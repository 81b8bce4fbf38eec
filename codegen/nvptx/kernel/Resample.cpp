// Pictures of another size, made of one's own pixels.
#include "codegen/nvptx/kernel/Emitters.h"
#include "codegen/nvptx/kernel/Places.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace skip;
using namespace skip::nvptx;
namespace arith = mlir::arith;

static Values pixelAt(Builder &b, const Picture &picture, const Array &from, const Place &place, Value y, Value x) {
  Value pixel = b.add(b.mul(y, picture.width), x);
  return b.loadVector(from, offsetOf(b, picture, place.image, pixel, place.channel), picture.lanes());
}

namespace {
/// Along an axis: the positions that a pixel of the result lies between, and how far from the first it does.
struct Between {
  Value low, high, share;
};
} // namespace

/// (position + 1/2) / factor - 1/2 is (2 position + 1 - factor) / (2 factor); a whole step more, it is not negative.
static Between betweenOf(Builder &b, Value position, int64_t factor, int64_t size) {
  Value scaled = b.add(b.mul(position, 2), 1 + factor), next = b.divide(scaled, 2 * factor);
  Value last = b.constant(size - 1), rest = b.modulo(scaled, 2 * factor);
  Value low = arith::MaxSIOp::create(b.op, b.sub(next, b.constant(1)), b.constant(0));
  Value share =
      b.times(arith::SIToFPOp::create(b.op, b.op.getF32Type(), rest), b.floatConstant(0.5f / static_cast<float>(factor)));
  return {low, b.min(next, last), share};
}

static Values mixed(Builder &b, const Values &low, const Values &high, Value share) {
  Value other = b.minus(b.floatConstant(1), share);
  Values values;
  for (auto [first, second] : llvm::zip_equal(low, high))
    values.push_back(b.fma(second, share, b.times(first, other)));
  return values;
}

static Values bilinear(Builder &b, const UpsampleSpec &spec, const Array &from, const Place &place) {
  Between rows = betweenOf(b, place.y, spec.factor, spec.input.height);
  Between columns = betweenOf(b, place.x, spec.factor, spec.input.width);
  auto row = [&](Value y) {
    return mixed(b, pixelAt(b, spec.input, from, place, y, columns.low), pixelAt(b, spec.input, from, place, y, columns.high),
                 columns.share);
  };
  return mixed(b, row(rows.low), row(rows.high), rows.share);
}

void nvptx::emitUpsample(Builder &b, const UpsampleSpec &spec, const Blocks &blocks, ValueRange operands) {
  Picture result = spec.input;
  result.height *= spec.factor;
  result.width *= spec.factor;
  Array from{operands[0], spec.input.element};
  forPoint(b, blocks, result.pixels() * result.vectors(), [&](Value point) {
    Place place = placeOf(b, result, point);
    Values values = spec.bilinear
                        ? bilinear(b, spec, from, place)
                        : pixelAt(b, spec.input, from, place, b.divide(place.y, spec.factor), b.divide(place.x, spec.factor));
    b.storeVector(values, {operands[1], result.element}, b.mul(point, result.lanes()));
  });
}

static Value magnitude(Builder &b, Value value) { return arith::MaxSIOp::create(b.op, value, b.sub(b.constant(0), value)); }

/// size - 1 - |size - 1 - |position||.
static Value mirrored(Builder &b, Value position, int64_t size) {
  Value last = b.constant(size - 1);
  return b.sub(last, magnitude(b, b.sub(last, magnitude(b, position))));
}

void nvptx::emitReflectPad(Builder &b, const ReflectPadSpec &spec, const Blocks &blocks, ValueRange operands) {
  forPoint(b, blocks, spec.result.pixels() * spec.result.vectors(), [&](Value point) {
    Place place = placeOf(b, spec.result, point);
    Value y = mirrored(b, b.sub(place.y, b.constant(spec.top)), spec.input.height);
    Value x = mirrored(b, b.sub(place.x, b.constant(spec.left)), spec.input.width);
    b.storeVector(pixelAt(b, spec.input, {operands[0], spec.input.element}, place, y, x), {operands[1], spec.result.element},
                  b.mul(point, spec.result.lanes()));
  });
}
