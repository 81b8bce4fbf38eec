#include "codegen/nvptx/kernel/Places.h"

using namespace skip;
using namespace skip::nvptx;

Place nvptx::placeOf(Builder &b, const Picture &picture, Value vector) {
  Value pixel = b.divide(vector, picture.vectors());
  Value row = b.divide(pixel, picture.width);
  return {.image = b.divide(row, picture.height),
          .y = b.modulo(row, picture.height),
          .x = b.modulo(pixel, picture.width),
          .channel = b.mul(b.modulo(vector, picture.vectors()), picture.lanes())};
}

Value nvptx::offsetOf(Builder &b, const Picture &picture, Value image, Value pixel, Value channel) {
  Value pixels = b.add(b.mul(image, picture.pixels()), pixel);
  return b.add(b.mul(pixels, picture.pixelElements()), channel);
}

Value nvptx::loadWhere(Builder &b, Value condition, const Array &from, Value offset) {
  return b.select(condition, b.load(from, b.select(condition, offset, b.constant(0))), b.floatConstant(0));
}

Values nvptx::forTaps(Builder &b, const Picture &input, const Window &window, const Place &place, ValueRange initial,
                      llvm::function_ref<Values(const Tap &, ValueRange)> body) {
  Value top = b.sub(b.mul(place.y, window.strideRows), b.constant(window.top));
  Value left = b.sub(b.mul(place.x, window.strideColumns), b.constant(window.left));
  return b.loop(b.constant(0), b.constant(window.kernelHeight), 1, initial, [&](Value row, ValueRange outer) {
    Value y = b.add(top, b.mul(row, window.dilationRows)), isRow = b.below(y, input.height);
    return b.loop(b.constant(0), b.constant(window.kernelWidth), 1, outer, [&](Value column, ValueRange inner) {
      Value x = b.add(left, b.mul(column, window.dilationColumns));
      Value isInside = b.both(isRow, b.below(x, input.width));
      Value pixel = b.select(isInside, b.add(b.mul(y, input.width), x), b.constant(0));
      return body({b.add(b.mul(row, window.kernelWidth), column), pixel, isInside}, inner);
    });
  });
}
