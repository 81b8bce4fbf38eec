// Sums over the pixels of a picture.
#include "codegen/x86/kernel/PictureSums.h"

#include "codegen/x86/kernel/Doubles.h"

using namespace skip::kernel;

static constexpr int64_t kTile = 4;

using AddPixel = llvm::function_ref<void(ValueRange pixel, llvm::MutableArrayRef<Value> sums)>;

/// The vectors of pixel `index` behind `first`.
static Values pixelOf(Builder &b, ValueRange rows, Value first, int64_t index) {
  Values pixel;
  for (Value row : rows)
    pixel.push_back(b.load(b.at(row, b.mul(first, kLanes)), index * kLanes));
  return pixel;
}

/// In four partial sums, which are added up, then pixel by pixel.
static Values sumRow(Builder &b, ValueRange rows, Value columns, size_t count, AddPixel addPixel) {
  Value tiledEnd = b.mul(b.divide(columns, b.constant(kTile)), kTile);
  Values sums =
      b.loop(b.constant(0), tiledEnd, kTile, Values(kTile * count, b.splat(0.0f)), [&](Value first, ValueRange carried) {
        Values next(carried);
        for (int64_t i = 0; i < kTile; ++i)
          addPixel(pixelOf(b, rows, first, i), llvm::MutableArrayRef<Value>(next).slice(i * count, count));
        return next;
      });
  Values tiled;
  for (size_t i = 0; i < count; ++i)
    tiled.push_back(plus(b, plus(b, sums[i], sums[count + i]), plus(b, sums[2 * count + i], sums[3 * count + i])));
  return b.loop(tiledEnd, columns, 1, tiled, [&](Value column, ValueRange carried) {
    Values next(carried);
    addPixel(pixelOf(b, rows, column, 0), next);
    return next;
  });
}

Values skip::kernel::addPicture(Builder &b, const PictureRows &picture, ValueRange totals, AddPixel addPixel) {
  return b.loop(b.constant(0), picture.rows, 1, totals, [&](Value y, ValueRange carried) {
    Values rows, next;
    for (const View &plane : picture.planes)
      rows.push_back(b.at(plane.pointer, b.mul(y, plane.row)));
    Values sums = sumRow(b, rows, picture.columns, totals.size(), addPixel);
    for (auto [total, sum] : llvm::zip_equal(carried, sums))
      next.push_back(plus(b, total, toDoubles(b, sum)));
    return next;
  });
}
