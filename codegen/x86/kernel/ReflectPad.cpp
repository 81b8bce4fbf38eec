// Padding by reflection, a row of the result at a time, and its gradient, a row of the picture at a time: a pixel shows itself,
// and, near the borders, once more above or below and once more to the left or right, so that up to nine places add up.
#include "codegen/x86/kernel/FamilyGradients.h"
#include "codegen/x86/kernel/Movement.h"
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace arith = mlir::arith;
using namespace skip::kernel;
using Position = std::array<Value, 3>;

static Value magnitude(Builder &b, Value x) { return b.max(x, b.sub(b.constant(0), x)); }

/// The pixel of `size` at place `index`, which may be less than `size` beyond either border.
static Value mirrored(Builder &b, Value index, Value size) {
  Value last = b.sub(size, b.constant(1));
  return b.sub(last, magnitude(b, b.sub(last, magnitude(b, index))));
}

void skip::kernel::emitReflectPad(mlir::ModuleOp module, llvm::StringRef name, const ReflectPadSpec &) {
  using Param = ReflectPadParam;
  constexpr StrideParams out = {Param::outImage, Param::outBlock, Param::outRow};
  constexpr StrideParams in = {Param::inImage, Param::inBlock, Param::inRow};
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position position) {
    Value columns = b.param(Param::inColumns), left = b.param(Param::left), right = b.param(Param::right), zero = b.constant(0);
    Value row = mirrored(b, b.sub(position[2], b.param(Param::top)), b.param(Param::inRows));
    Value from = rowPointer(b, b.operand(0), in, {position[0], position[1], row});
    Value to = rowPointer(b, b.operand(1), out, position);
    auto copyPixel = [&](Value source, Value place) {
      b.store(b.load(b.at(from, b.mul(source, kLanes))), b.at(to, b.mul(place, kLanes)));
    };
    b.loop(zero, left, 1, [&](Value place) { copyPixel(b.sub(left, place), place); });
    copyElements(b, from, b.at(to, b.mul(left, kLanes)), b.mul(columns, kLanes));
    Value behind = b.add(left, columns), last = b.sub(columns, b.constant(1));
    b.loop(zero, right, 1, [&](Value i) { copyPixel(b.sub(last, b.add(i, b.constant(1))), b.add(behind, i)); });
    writeHalo(b, b.operand(1), out, Param::outHalo, b.param(Param::outRows), b.add(behind, right), position);
  });
  b.finish();
}

namespace {
/// A place of the padded picture that shows a pixel, where `exists` holds; null: always.
struct Place {
  Value index, exists;
};
} // namespace

/// Where a pixel is shown along one axis.
static std::array<Place, 3> placesOf(Builder &b, Value pixel, Value size, Value before, Value after) {
  Value last = b.sub(size, b.constant(1)), itself = b.add(before, pixel), toEnd = b.sub(last, pixel);
  auto isMirrored = [&](Value distance, Value pad) { // the border's own pixel is not
    return arith::AndIOp::create(b.op, b.less(b.constant(0), distance), b.less(distance, b.add(pad, b.constant(1))));
  };
  Value twice = b.add(toEnd, toEnd);
  return {Place{itself, {}}, Place{b.sub(before, pixel), isMirrored(pixel, before)},
          Place{b.add(itself, twice), isMirrored(toEnd, after)}};
}

/// The sum with what `add` makes of it where the place exists.
static Value addWhere(Builder &b, const Place &place, Value sum, llvm::function_ref<Value(Value)> add) {
  if (!place.exists)
    return add(sum);
  return b.when(place.exists, [&] { return Values{add(sum)}; }, [&] { return Values{sum}; })[0];
}

void skip::kernel::emitReflectPadGrad(mlir::ModuleOp module, llvm::StringRef name, const ReflectPadGradSpec &) {
  using Param = ReflectPadGradParam;
  constexpr StrideParams out = {Param::outImage, Param::outBlock, Param::outRow};
  constexpr StrideParams in = {Param::dyImage, Param::dyBlock, Param::dyRow};
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position position) {
    Value rows = b.param(Param::rows), columns = b.param(Param::columns);
    Value dy = planePointer(b, b.operand(0), in, position), to = rowPointer(b, b.operand(1), out, position);
    std::array<Place, 3> above = placesOf(b, position[2], rows, b.param(Param::top), b.param(Param::bottom));
    b.loop(b.constant(0), columns, 1, [&](Value column) {
      std::array<Place, 3> beside = placesOf(b, column, columns, b.param(Param::left), b.param(Param::right));
      Value sum = b.splat(0.0f);
      for (const Place &row : above)
        sum = addWhere(b, row, sum, [&](Value ofRows) {
          Value from = b.at(dy, b.mul(row.index, b.param(Param::dyRow)));
          for (const Place &place : beside)
            ofRows = addWhere(b, place, ofRows, [&](Value ofPlaces) {
              return plus(b, ofPlaces, b.load(b.at(from, b.mul(place.index, kLanes))));
            });
          return ofRows;
        });
      b.store(sum, b.at(to, b.mul(column, kLanes)));
    });
    writeHalo(b, b.operand(1), out, Param::outHalo, rows, columns, position);
  });
  b.finish();
}
