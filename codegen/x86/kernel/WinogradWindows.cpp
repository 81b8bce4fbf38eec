// A window of n x n vectors does not fit the registers beside its transform, so each of the two one-dimensional transforms runs
// over rows or columns with a scratch on the stack between them. A window that reaches beyond the zeros around the picture is
// read under masks (copying such windows to a padded scratch first made the step ten times as long at 14 x 14). Position i * n
// + j is row i and column j of V.
#include "codegen/x86/kernel/WinogradWindows.h"

#include "codegen/x86/kernel/Vectors.h"
#include "codegen/x86/kernel/WinogradTransform.h"

using namespace skip::kernel;

namespace {

class BlockedWindows : public WinogradWindows {
public:
  BlockedWindows(Builder &b, const WinogradInputSpec &spec, const WindowSource &source)
      : b(b), source(source), m(spec.tile), n(spec.taps.points(m)), stride(spec.taps.stride),
        positionVectors(skip::plan::winogradPositionVectors(spec.group)), half(scratchVectors(b, n * n)) {}

  void emit(Value image, Value block, Value tileRow, Value tileColumn, Value to) override {
    Value plane = b.at(source.pointer, b.add(b.mul(image, source.image), b.mul(block, source.block)));
    Value top = b.sub(b.mul(tileRow, stride * m), source.padding), left = b.sub(b.mul(tileColumn, stride * m), source.padding);
    if (stride == 1)
      return window(plane, top, left, to);
    b.loop(b.constant(0), b.constant(stride * stride), 1, to, [&](Value phase, ValueRange at) {
      Value row = b.divide(phase, b.constant(stride)), column = b.modulo(phase, b.constant(stride));
      window(plane, b.add(top, row), b.add(left, column), at[0]);
      return Values{b.at(at[0], n * n * positionVectors * kLanes)};
    });
  }

private:
  /// Every stride-th row and column from (top, left) on.
  void window(Value plane, Value top, Value left, Value to) {
    Value start = b.at(plane, b.add(b.mul(top, source.row), b.mul(left, kLanes)));
    alongRows(start, inside(source.rows, top), inside(source.columns, left));
    alongColumns(to);
  }

  /// How many of a window's rows or columns from `first` on lie inside the picture or the zeros around it.
  Value inside(Value size, Value first) { return b.ceilDiv(b.sub(b.add(size, source.padding), first), stride); }

  /// half = d B, for the window d at `start`, of which `rows` by `columns` vectors exist.
  void alongRows(Value start, Value rows, Value columns) {
    branch(b, b.less(b.min(rows, columns), b.constant(n)), [&](bool partial) {
      b.loop(b.constant(0), b.constant(n), 1, [&](Value row) {
        Value from = b.at(start, b.mul(row, b.mul(source.row, stride)));
        Value count = partial ? columnsOf(row, rows, columns) : Value();
        storeAll(winogradForward(b, partial ? loadSome(from, count) : loadAll(from, stride)),
                 b.at(half, b.mul(row, n * kLanes)));
      });
    });
  }

  Value columnsOf(Value row, Value rows, Value columns) { return select(b, b.less(row, rows), columns, b.constant(0)); }

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

  /// n vectors of a row, zero from `count` on.
  Values loadSome(Value from, Value count) {
    Values values;
    for (int64_t i = 0; i < n; ++i)
      values.push_back(loadMasked(b, b.at(from, i * stride * kLanes), everyLane(b, b.less(b.constant(i), count))));
    return values;
  }

  void storeAll(ValueRange values, Value to) {
    for (int64_t i = 0; i < n; ++i)
      b.store(values[i], to, i * kLanes);
  }

  Builder &b;
  WindowSource source;
  int64_t m, n, stride, positionVectors;
  Value half; // [n][n][16]
};

} // namespace

std::unique_ptr<WinogradWindows> skip::kernel::winogradWindows(Builder &b, const WinogradInputSpec &spec,
                                                               const WindowSource &source) {
  if (spec.channels)
    return winogradPhaseWindows(b, spec, source);
  return std::make_unique<BlockedWindows>(b, spec, source);
}
