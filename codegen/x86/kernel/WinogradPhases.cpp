// Where a convolution of stride 2 reads a planar picture, its phases become lanes. A tile's window has n x n pixels of each
// phase; n is at most 8, so that a vector of 16 holds a row of them for both column phases:
//
//   for each channel and row phase (a plane):   load n such rows, transform them along the columns: half[i][plane]
//   for each row i:   the planes' vectors are rows of pairs; transposed, vector j holds pixel j of all phases in its lanes.
//                     Transform along the rows and store.
//
// The transpose is one of 8 x 8 pairs (64 bits), three rounds of shuffles. Pixels outside the picture are masked, so the input
// needs no halo.
#include "codegen/x86/kernel/Vectors.h"
#include "codegen/x86/kernel/WinogradTransform.h"
#include "codegen/x86/kernel/WinogradWindows.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace skip::kernel;

static constexpr int64_t kPairs = 8;

/// Pair j of vector i becomes pair i of vector j.
static Values transposePairs(Builder &b, Values rows) {
  for (int64_t distance = kPairs / 2; distance > 0; distance /= 2)
    for (int64_t i = 0; i < kPairs; ++i) {
      if (i & distance)
        continue;
      llvm::SmallVector<int64_t> low, high; // lanes of the 32 of both
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        bool isUpper = lane / 2 & distance;
        low.push_back(isUpper ? kLanes + lane - 2 * distance : lane);
        high.push_back(isUpper ? kLanes + lane : lane + 2 * distance);
      }
      Value first = rows[i], second = rows[i + distance];
      rows[i] = shuffle(b, first, second, low);
      rows[i + distance] = shuffle(b, first, second, high);
    }
  return rows;
}

namespace {

class PhaseWindows : public WinogradWindows {
public:
  PhaseWindows(Builder &b, const WinogradInputSpec &spec, const WindowSource &source)
      : b(b), source(source), m(spec.tile), n(spec.taps.points(m)), planes(2 * spec.channels),
        positionVectors(skip::plan::winogradPositionVectors(spec.group)), half(scratchVectors(b, n * planes)) {}

  void emit(Value image, Value, Value tileRow, Value tileColumn, Value to) override {
    Value top = b.sub(b.mul(tileRow, 2 * m), source.padding), left = b.sub(b.mul(tileColumn, 2 * m), source.padding);
    alongColumns(b.at(source.pointer, b.mul(image, source.image)), top, left);
    alongRows(to);
  }

private:
  /// half = B^T d for each plane of the window whose first pixel is (top, left).
  void alongColumns(Value picture, Value top, Value left) {
    Value rowsInside = isBelow(b.add(top, b.constant(2 * n - 1)), source.rows, top);
    Value columnsInside = isBelow(b.add(left, b.constant(kLanes - 1)), source.columns, left);
    branch(b, mlir::arith::AndIOp::create(b.op, rowsInside, columnsInside), [&](bool isWhole) {
      Value columns = isWhole ? Value() : columnMask(left);
      Value corner = b.at(picture, b.add(b.mul(top, source.row), left));
      b.loop(b.constant(0), b.constant(planes / 2), 1, {corner, half}, [&](Value, ValueRange channel) {
        for (int64_t phase = 0; phase < 2; ++phase) {
          Values rows;
          for (int64_t i = 0; i < n; ++i)
            rows.push_back(loadRow(channel[0], top, 2 * i + phase, columns));
          for (auto [i, value] : llvm::enumerate(winogradForward(b, rows)))
            b.store(value, channel[1], (i * planes + phase) * kLanes);
        }
        return Values{b.at(channel[0], source.block), b.at(channel[1], 2 * kLanes)};
      });
    });
  }

  /// first >= 0 and last < end.
  Value isBelow(Value last, Value end, Value first) {
    return mlir::arith::AndIOp::create(b.op, b.less(last, end), b.less(b.constant(-1), first));
  }

  /// The lanes of a row from `left` on that lie inside the picture.
  Value columnMask(Value left) {
    Value before = lanesBelow(b, b.sub(b.constant(0), left)), all = lanesBelow(b, b.sub(source.columns, left));
    return mlir::arith::XOrIOp::create(b.op, before, all);
  }

  /// Row `index` of the window whose first pixel is at `corner` in row `top`; without a mask all of it is inside.
  Value loadRow(Value corner, Value top, int64_t index, Value columns) {
    Value pointer = b.at(corner, b.mul(source.row, index)), row = b.add(top, b.constant(index));
    if (!columns)
      return b.load(pointer);
    Value isInside = everyLane(b, isBelow(row, source.rows, row));
    return loadMasked(b, pointer, mlir::arith::AndIOp::create(b.op, columns, isInside));
  }

  /// half B, a row of positions at a time.
  void alongRows(Value to) {
    b.loop(b.constant(0), b.constant(n), 1, {half, to}, [&](Value, ValueRange at) {
      Values rows;
      for (int64_t plane = 0; plane < kPairs; ++plane)
        rows.push_back(plane < planes ? b.load(at[0], plane * kLanes) : b.splat(0.0f));
      rows = transposePairs(b, rows);
      rows.truncate(n);
      for (auto [j, value] : llvm::enumerate(winogradForward(b, rows)))
        b.store(value, at[1], j * positionVectors * kLanes);
      return Values{b.at(at[0], planes * kLanes), b.at(at[1], n * positionVectors * kLanes)};
    });
  }

  Builder &b;
  WindowSource source;
  int64_t m, n, planes, positionVectors;
  Value half; // [n][planes][16]
};

} // namespace

std::unique_ptr<WinogradWindows> skip::kernel::winogradPhaseWindows(Builder &b, const WinogradInputSpec &spec,
                                                                    const WindowSource &source) {
  return std::make_unique<PhaseWindows>(b, spec, source);
}
