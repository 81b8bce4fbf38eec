#include "codegen/nvptx/kernel/Sums.h"

using namespace skip;
using namespace skip::nvptx;

int64_t TileSums::stride() const { return place.n + plan::sumPadding; }

void TileSums::keep(ValueRange sums, Value row, Value column, int64_t rows, int64_t columns) {
  Value lane = b.modulo(b.thread(), kWarp);
  row = b.add(row, b.divide(lane, 4));
  column = b.add(column, b.mul(b.modulo(lane, 4), 2));
  Value start = b.add(b.mul(row, stride()), column);
  for (int64_t m = 0; m < rows; m += kSumRows)
    for (int64_t n = 0; n < columns; n += kSumColumns, sums = sums.drop_front(kSumsOfLane))
      for (int64_t i = 0; i < kSumsOfLane; i += 2)
        b.storeFloats(sums.slice(i, 2), memory, start, (m + i / 2 * (kSumRows / 2)) * stride() + n);
}

/// The bias is the first part's.
Values TileSums::withBias(Values values, Value channel) {
  ValueRange others = operands.drop_front(2 * spec.views.size());
  if (!spec.bias)
    return values;
  Value isFirst = spec.parts > 1 ? b.below(b.block(2), 1) : Value();
  for (auto [value, bias] : llvm::zip_equal(values, b.loadVector({others.front()}, channel, spec.result.lanes())))
    value = b.plus(value, isFirst ? b.select(isFirst, bias, b.floatConstant(0)) : bias);
  return values;
}

/// A vector of this part's addends.
void TileSums::storeAddends(ValueRange values, Value pixel, Value channel) {
  int64_t distance = partialPixel(spec.result);
  Value image = b.divide(pixel, spec.result.pixels());
  Value addend = b.add(b.mul(image, spec.parts - 1), b.block(2));
  Value at = b.add(pixel, b.mul(addend, spec.result.pixels()));
  b.storeVector(values, {operands.back()}, b.add(b.mul(at, distance), channel));
}

/// A vector of sums. One of two pieces is read by every second four lanes first, else eight lanes in a row would meet on half
/// of the banks.
Values TileSums::read(Value row, Value column, Value index) {
  Value start = b.add(b.mul(row, stride()), column);
  if (spec.result.lanes() == kVector)
    return b.load4(memory, start);
  Value turned = b.modulo(b.divide(index, 4), 2), isStraight = b.below(turned, 1);
  Value step = b.mul(turned, kVector);
  Values first = b.load4(memory, b.add(start, step)), second = b.load4(memory, b.sub(b.add(start, kVector), step));
  Values sums;
  for (auto [mine, other] : {std::pair(first, second), std::pair(second, first)})
    for (auto [a, c] : llvm::zip_equal(mine, other))
      sums.push_back(b.select(isStraight, a, c));
  return sums;
}

/// A vector of the result, of a row and a column of the tile.
void TileSums::storeVector(Value row, Value column, Value index) {
  const Picture &result = spec.result;
  Value pixel = b.add(place.firstRow, row), channel = b.add(place.firstColumn, column);
  b.when(b.both(b.less(pixel, place.rows), b.below(channel, result.pixelElements())), [&] {
    Values values = withBias(read(row, column, index), channel);
    if (spec.parts > 1)
      return storeAddends(zeroPadding(b, values, channel, result.channels), pixel, channel);
    ValueRange others = operands.drop_front(2 * spec.views.size() + spec.bias).drop_back();
    Value offset = b.add(b.mul(pixel, result.pixelElements()), channel);
    values = applyChain(b, spec.epilogue, others, result, values, offset, channel);
    b.storeVector(zeroPadding(b, values, channel, result.channels), {operands.back(), result.element}, offset);
  });
}

void TileSums::store(Value thread, int64_t threads) {
  int64_t vectors = place.n / spec.result.lanes();
  b.loop(thread, b.constant(place.m * vectors), threads, {}, [&](Value index, ValueRange) {
    storeVector(b.divide(index, vectors), b.mul(b.modulo(index, vectors), spec.result.lanes()), index);
    return Values();
  });
}
