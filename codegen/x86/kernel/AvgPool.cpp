// Average pooling: a row of output pixels of one block at a time, as in MaxPool.cpp. Windows that lie within the picture's
// columns are summed four together, their columns unrolled where they are few; those at the borders, and large ones, by loops.
//
// A window's sum is multiplied by the reciprocal of its pixels' number, which all inner windows of a row share.
#include "codegen/x86/kernel/Pool.h"
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace arith = mlir::arith;
using namespace skip::kernel;
using Param = AvgPoolParam;
using Position = std::array<Value, 3>;

static constexpr int64_t kTile = 4, kMostUnrolled = 8;
static constexpr StrideParams kOut = {Param::outImage, Param::outBlock, Param::outRow};
static constexpr StrideParams kIn = {Param::inImage, Param::inBlock, Param::inRow};

namespace {
/// A window along one axis: the pixels that lie in the picture, and how many count.
struct Extent {
  Value begin, end, count;
};

struct Axis {
  int64_t kernel, stride;
  unsigned size, before, after; // parameters
};

/// What the windows of one output row share.
struct RowOfWindows {
  AvgPoolSpec spec;
  Value input; // the input plane
  Extent rows;
  Value output; // the output row
};
} // namespace

static Extent extentOf(Builder &b, const AvgPoolSpec &spec, const Axis &axis, Value index) {
  Value size = b.param(axis.size), start = b.sub(b.mul(index, axis.stride), b.param(axis.before));
  Value stop = b.add(start, b.constant(axis.kernel));
  Extent extent{b.max(start, b.constant(0)), b.min(stop, size), Value()};
  extent.count =
      spec.includePad ? b.sub(b.min(stop, b.add(size, b.param(axis.after))), start) : b.sub(extent.end, extent.begin);
  return extent;
}

static Axis rowsOf(const AvgPoolSpec &spec) {
  return {spec.kernelHeight, spec.strideRows, Param::inRows, Param::top, Param::bottom};
}
static Axis columnsOf(const AvgPoolSpec &spec) {
  return {spec.kernelWidth, spec.strideColumns, Param::inColumns, Param::left, Param::right};
}

/// 1 / (rows * columns), or 1 where nothing is divided.
static Value shareOf(Builder &b, const AvgPoolSpec &spec, Value rows, Value columns) {
  if (spec.sum)
    return b.splat(1.0f);
  Value count = arith::SIToFPOp::create(b.op, b.op.getF32Type(), b.mul(rows, columns));
  return arith::DivFOp::create(b.op, b.splat(1.0f), b.splat(count));
}

static Value scaled(Builder &b, const AvgPoolSpec &spec, Value sum, Value share) {
  return spec.sum ? sum : Value(arith::MulFOp::create(b.op, sum, share));
}

/// `count` windows that begin with output column `first` and lie within the picture's columns.
static void emitInnerWindows(Builder &b, const RowOfWindows &row, Value share, Value first, int64_t count) {
  const AvgPoolSpec &spec = row.spec;
  Value column = b.sub(b.mul(first, spec.strideColumns), b.param(Param::left));
  Value input = b.at(row.input, b.mul(column, kLanes)), output = b.at(row.output, b.mul(first, kLanes));
  Values sums = b.loop(row.rows.begin, row.rows.end, 1, Values(count, b.splat(0.0f)), [&](Value y, ValueRange carried) {
    Value pixels = b.at(input, b.mul(y, b.param(Param::inRow)));
    Values next(carried);
    for (int64_t window = 0; window < count; ++window)
      for (int64_t x = 0; x < spec.kernelWidth; ++x)
        next[window] = plus(b, next[window], b.load(pixels, (window * spec.strideColumns + x) * kLanes));
    return next;
  });
  for (int64_t window = 0; window < count; ++window)
    b.store(scaled(b, spec, sums[window], share), output, window * kLanes);
}

static void emitAnyWindow(Builder &b, const RowOfWindows &row, Value column) {
  Extent columns = extentOf(b, row.spec, columnsOf(row.spec), column);
  Values sum = b.loop(row.rows.begin, row.rows.end, 1, b.splat(0.0f), [&](Value y, ValueRange outer) {
    Value pixels = b.at(row.input, b.mul(y, b.param(Param::inRow)));
    // A row is summed on its own, so that large windows lose little precision.
    Values ofRow = b.loop(columns.begin, columns.end, 1, b.splat(0.0f), [&](Value x, ValueRange carried) {
      return Values{plus(b, carried[0], b.load(b.at(pixels, b.mul(x, kLanes))))};
    });
    return Values{plus(b, outer[0], ofRow[0])};
  });
  Value share = shareOf(b, row.spec, row.rows.count, columns.count);
  b.store(scaled(b, row.spec, sum[0], share), b.at(row.output, b.mul(column, kLanes)));
}

/// The output columns [from, to) whose windows lie within the picture.
static std::pair<Value, Value> innerColumns(Builder &b, const AvgPoolSpec &spec) {
  Value columns = b.param(Param::outColumns), left = b.param(Param::left), stride = b.constant(spec.strideColumns);
  Value from = b.min(b.ceilDiv(left, spec.strideColumns), columns);
  Value room = b.add(b.sub(b.add(b.param(Param::inColumns), left), b.constant(spec.kernelWidth)), stride);
  Value to = b.divide(b.max(room, b.constant(0)), stride);
  return {from, b.max(from, b.min(to, columns))};
}

static void emitRow(Builder &b, const AvgPoolSpec &spec, Position position) {
  Value out = b.operand(1), columns = b.param(Param::outColumns);
  RowOfWindows row = {.spec = spec,
                      .input = planePointer(b, b.operand(0), kIn, position),
                      .rows = extentOf(b, spec, rowsOf(spec), position[2]),
                      .output = rowPointer(b, out, kOut, position)};
  if (spec.kernelWidth <= kMostUnrolled) {
    auto [from, to] = innerColumns(b, spec);
    Value share = shareOf(b, spec, row.rows.count, b.constant(spec.kernelWidth));
    b.loop(b.constant(0), from, 1, [&](Value column) { emitAnyWindow(b, row, column); });
    forEachTile(b, from, to, kTile, [&](Value first, int64_t count) { emitInnerWindows(b, row, share, first, count); });
    b.loop(to, columns, 1, [&](Value column) { emitAnyWindow(b, row, column); });
  } else {
    b.loop(b.constant(0), columns, 1, [&](Value column) { emitAnyWindow(b, row, column); });
  }
  writeHalo(b, out, kOut, Param::outHalo, b.param(Param::outRows), columns, position);
}

void skip::kernel::emitAvgPool(mlir::ModuleOp module, llvm::StringRef name, const AvgPoolSpec &spec) {
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position position) { emitRow(b, spec, position); });
  b.finish();
}
