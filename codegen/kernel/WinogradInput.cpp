// The input's transform, one row of tiles of one channel block a unit: V = B^T d B.
//
// A window of (m + 2)^2 vectors does not fit the registers beside its transform, so each of the two one-dimensional transforms
// runs over rows or columns with a scratch on the stack between them. A window that reaches beyond the zeros around the picture
// is read under masks (copying such windows to a padded scratch first made the step ten times as long at 14 x 14). Position
// i * (m + 2) + j is row i and column j of V. With m = 4 the step takes 3 to 12 % of a ResNet convolution's time, the most at
// 64 channels.
#include "codegen/kernel/Vectors.h"
#include "codegen/kernel/Winograd.h"
#include "codegen/kernel/WinogradPhases.h"
#include "codegen/kernel/WinogradTransform.h"
#include "ir/plan/WinogradLayout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace skip::kernel;
using Param = WinogradInputParam;

namespace {

class WinogradInputEmitter {
public:
  WinogradInputEmitter(Builder &b, const WinogradInputSpec &spec)
      : b(b), m(spec.tile), n(spec.taps.points(m)), group(spec.group),
        positionVectors(skip::plan::winogradPositionVectors(group)) {
    half = scratchVectors(b, n * n);
  }

  void emit() {
    b.forEachUnit({1, 1, 1}, [&](std::array<Value, 3> position) { row(position[0], position[1], position[2]); });
  }

private:
  void row(Value image, Value block, Value tileRow) {
    Value plane = b.at(b.operand(0), b.add(b.mul(image, b.param(Param::inImage)), b.mul(block, b.param(Param::inBlock))));
    Value columns = b.param(Param::tileColumns);
    Value first = b.mul(b.add(b.mul(image, b.param(Param::tileRows)), tileRow), columns);
    Value top = b.sub(b.mul(tileRow, m), b.param(Param::padding));
    b.loop(b.constant(0), columns, 1, [&](Value column) {
      Value left = b.sub(b.mul(column, m), b.param(Param::padding));
      alongRows(b.at(plane, b.add(b.mul(top, b.param(Param::inRow)), b.mul(left, kLanes))), inside(Param::rows, top),
                inside(Param::columns, left));
      alongColumns(target(b.add(first, column), block));
    });
  }

  /// How many rows or columns from `first` on lie inside the picture or the zeros around it.
  Value inside(unsigned size, Value first) { return b.sub(b.add(b.param(size), b.param(Param::padding)), first); }

  /// Where position 0 of a tile goes.
  Value target(Value tile, Value block) {
    Value groups = b.constant(group), blocks = b.add(b.mul(b.divide(tile, groups), b.param(Param::blocks)), block);
    return b.at(b.operand(1), b.mul(b.add(b.mul(blocks, n * n * positionVectors), b.modulo(tile, groups)), kLanes));
  }

  /// half = d B, for the window d at `start`, of which `rows` by `columns` vectors exist.
  void alongRows(Value start, Value rows, Value columns) {
    branch(b, b.less(b.min(rows, columns), b.constant(n)), [&](bool partial) {
      b.loop(b.constant(0), b.constant(n), 1, [&](Value row) {
        Value from = b.at(start, b.mul(row, b.param(Param::inRow)));
        Value count = partial ? columnsOf(row, rows, columns) : Value();
        storeAll(winogradForward(b, partial ? loadSome(from, count) : loadAll(from, 1)), b.at(half, b.mul(row, n * kLanes)));
      });
    });
  }

  Value columnsOf(Value row, Value rows, Value columns) {
    return mlir::arith::SelectOp::create(b.op, b.less(row, rows), columns, b.constant(0));
  }

  /// B^T half.
  void alongColumns(Value to) {
    b.loop(b.constant(0), b.constant(n), 1, [&](Value column) {
      Values results = winogradForward(b, loadAll(b.at(half, b.mul(column, kLanes)), n));
      Value position = b.at(to, b.mul(column, positionVectors * kLanes));
      for (auto [row, result] : llvm::enumerate(results))
        b.store(result, position, row * n * positionVectors * kLanes);
    });
  }

  /// n vectors, `stride` vectors apart.
  Values loadAll(Value from, int64_t stride) {
    Values values;
    for (int64_t i = 0; i < n; ++i)
      values.push_back(b.load(from, i * stride * kLanes));
    return values;
  }

  /// n adjacent vectors, zero from `count` on.
  Values loadSome(Value from, Value count) {
    Values values;
    for (int64_t i = 0; i < n; ++i)
      values.push_back(loadMasked(b, b.at(from, i * kLanes), everyLane(b, b.less(b.constant(i), count))));
    return values;
  }

  void storeAll(ValueRange values, Value to) {
    for (int64_t i = 0; i < n; ++i)
      b.store(values[i], to, i * kLanes);
  }

  Builder &b;
  int64_t m, n, group, positionVectors;
  Value half; // [n][n][16]
};

} // namespace

void skip::kernel::emitWinogradInput(mlir::ModuleOp module, llvm::StringRef name, const WinogradInputSpec &spec) {
  if (spec.taps.stride == 2)
    return emitWinogradPhases(module, name, spec);
  Builder b(module, name);
  WinogradInputEmitter(b, spec).emit();
  b.finish();
}
