// Max pooling: a row of output pixels of one block at a time.
//
// Only windows that touch the picture's left or right border need clamped columns. All others are computed four together: an
// input pixel that lies in two windows is loaded once. Rows are clamped by the bounds of the loop over them. NaN in a
// window makes its maximum NaN, as in PyTorch and the reference; that costs two instructions more a maximum.
//
// 3x3 stride 2 over 112x112x64 takes 45 us on one Zen 5 core (90 GB/s of compulsory traffic; memcpy of as much: 116 GB/s).
// Unrolling the loop over rows too gained under 10 % for twice the code.
#include "codegen/x86/kernel/Pool.h"
#include "codegen/x86/kernel/Vectors.h"

#include <limits>

using namespace skip::kernel;
using Param = MaxPoolParam;
using Position = std::array<Value, 3>;

static constexpr int64_t kTile = 4;
static constexpr StrideParams kOut = {Param::outImage, Param::outBlock, Param::outRow};
static constexpr StrideParams kIn = {Param::inImage, Param::inBlock, Param::inRow};

/// What the windows of one output row share.
struct RowOfWindows {
  MaxPoolSpec spec;
  Value input, rowStride; // the input plane
  Value top, bottom;      // its rows, clamped
  Value output;           // the output row

  bool covers(int64_t window, int64_t pixel) const {
    return pixel >= window * spec.strideColumns && pixel < window * spec.strideColumns + spec.kernelWidth;
  }
};

/// [from, to) of a window that begins at `start`, clamped to `size`.
static std::pair<Value, Value> clamped(Builder &b, Value start, int64_t kernel, Value size) {
  return {b.max(start, b.constant(0)), b.min(b.add(start, b.constant(kernel)), size)};
}

static std::pair<Value, Value> rowsOf(Builder &b, const MaxPoolSpec &spec, Value index) {
  return clamped(b, b.sub(b.mul(index, spec.strideRows), b.param(Param::top)), spec.kernelHeight, b.param(Param::inRows));
}
static std::pair<Value, Value> columnsOf(Builder &b, const MaxPoolSpec &spec, Value index) {
  Value start = b.sub(b.mul(index, spec.strideColumns), b.param(Param::left));
  return clamped(b, start, spec.kernelWidth, b.param(Param::inColumns));
}

static Values lowest(Builder &b, int64_t count) { return Values(count, b.splat(-std::numeric_limits<float>::infinity())); }

/// `count` windows that begin with output column `first` and lie within the picture's columns.
static void emitInnerWindows(Builder &b, const RowOfWindows &row, Value first, int64_t count) {
  Value column = b.sub(b.mul(first, row.spec.strideColumns), b.param(Param::left));
  Value input = b.at(row.input, b.mul(column, kLanes)), output = b.at(row.output, b.mul(first, kLanes));
  Values best = b.loop(row.top, row.bottom, 1, lowest(b, count), [&](Value y, ValueRange carried) {
    Value pixels = b.at(input, b.mul(y, row.rowStride));
    Values next(carried);
    for (int64_t pixel = 0; pixel < (count - 1) * row.spec.strideColumns + row.spec.kernelWidth; ++pixel) {
      Value x;
      for (int64_t window = 0; window < count; ++window) {
        if (!row.covers(window, pixel))
          continue;
        x = x ? x : b.load(pixels, pixel * kLanes);
        next[window] = b.maximumOrNan(x, next[window]);
      }
    }
    return next;
  });
  for (int64_t window = 0; window < count; ++window)
    b.store(best[window], output, window * kLanes);
}

static void emitBorderWindow(Builder &b, const RowOfWindows &row, Value column) {
  auto [left, right] = columnsOf(b, row.spec, column);
  Values best = b.loop(row.top, row.bottom, 1, lowest(b, 1), [&, left = left, right = right](Value y, ValueRange outer) {
    Value pixels = b.at(row.input, b.mul(y, row.rowStride));
    return b.loop(left, right, 1, outer, [&](Value x, ValueRange carried) {
      return Values{b.maximumOrNan(b.load(b.at(pixels, b.mul(x, kLanes))), carried[0])};
    });
  });
  b.store(best[0], b.at(row.output, b.mul(column, kLanes)));
}

/// The output columns [from, to) whose windows lie within the picture.
static std::pair<Value, Value> innerColumns(Builder &b, const MaxPoolSpec &spec) {
  Value columns = b.param(Param::outColumns), left = b.param(Param::left), stride = b.constant(spec.strideColumns);
  Value from = b.min(b.ceilDiv(left, spec.strideColumns), columns);
  // The last inner window begins at most at inColumns - kernel; what is negative here is none at all.
  Value room = b.add(b.sub(b.add(b.param(Param::inColumns), left), b.constant(spec.kernelWidth)), stride);
  Value to = b.divide(b.max(room, b.constant(0)), stride);
  return {from, b.max(from, b.min(to, columns))};
}

static void emitRow(Builder &b, const MaxPoolSpec &spec, Position position) {
  Value out = b.operand(1), columns = b.param(Param::outColumns);
  auto [top, bottom] = rowsOf(b, spec, position[2]);
  RowOfWindows row = {.spec = spec,
                      .input = planePointer(b, b.operand(0), kIn, position),
                      .rowStride = b.param(Param::inRow),
                      .top = top,
                      .bottom = bottom,
                      .output = rowPointer(b, out, kOut, position)};
  auto [from, to] = innerColumns(b, spec);
  b.loop(b.constant(0), from, 1, [&](Value column) { emitBorderWindow(b, row, column); });
  forEachTile(b, from, to, kTile, [&](Value first, int64_t count) { emitInnerWindows(b, row, first, count); });
  b.loop(to, columns, 1, [&](Value column) { emitBorderWindow(b, row, column); });
  writeHalo(b, out, kOut, Param::outHalo, b.param(Param::outRows), columns, position);
}

void skip::kernel::emitMaxPool(mlir::ModuleOp module, llvm::StringRef name, const MaxPoolSpec &spec) {
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position position) { emitRow(b, spec, position); });
  b.finish();
}
