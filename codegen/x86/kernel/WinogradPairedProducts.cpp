// Where some ten tiles share a filter, storing it transformed takes as long as a quarter of its products (a core may store one
// vector in two cycles), and its scratch leaves room for few channels in the first-level cache, so that sums are read and
// written often. So only the rows are transformed in memory, three columns instead of n:
//
//   for each row of positions:
//     half = that row of G g, three columns; the first and the last row are the taps where they lie
//     for each pair of the row's positions, or all of the row at a time:
//       filters = half G^T in registers;   sums += input x filters
//
// A row at a time reads half least often, and is for few tiles, whose sums leave room in the registers.
//
// The filters of +p and -p are an even part plus and minus an odd part, those of 0 and infinity are columns of half, and the
// single point of an odd n stands alone.
//
// Measured on a Zen 4, in times a direct convolution at its peak: 2.0 instead of 1.6 at 512 @ 7 (4 tiles), 3.0 instead of 2.7
// at 256 @ 14 (9 tiles); with 25 tiles and more stored filters are the faster. Left undone: the rows of +p and -p share even
// and odd parts too.
//
// Of stride 2, rows and columns of the even phase meet taps 0 and 2, those of the odd phase tap 1 alone, whose polynomial is
// the same at all points and has no part at infinity (codegen/x86/kernel/WinogradPhasedProducts.cpp).
#include "codegen/x86/kernel/Vectors.h"
#include "codegen/x86/kernel/WinogradPoints.h"
#include "codegen/x86/kernel/WinogradProducts.h"
#include "codegen/x86/kernel/WinogradTransform.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace skip::kernel;

static constexpr int64_t kTaps = 3;
static constexpr int64_t kTapFloats = kLanes * kLanes; // from one tap to the next
static constexpr int64_t kUnrolled = 4;                // channels

/// Blocks of input channels in a chunk.
static int64_t depthOf(const WinogradConvSpec &spec) {
  return spec.schedule.rows == 2 && spec.schedule.ocBlocks == 1 && spec.taps.stride == 1 ? 2 : 1;
}

namespace {

/// A phase's windows, and the columns of taps that they meet.
struct Plane {
  int64_t index; // among a block's windows
  bool meetsOddRow = false;
  llvm::SmallVector<int64_t, 3> columns;
};

/// One or two positions of a row, and how their filters come from the columns.
struct Positions {
  llvm::SmallVector<int64_t, 2> places; // in the row
  double point;                         // 0 where the places are zero and infinity
};

/// Those whose sums are in registers at a time.
using PositionGroup = llvm::SmallVector<Positions, 4>;

/// Where a row's three columns of taps lie or are made from, in elements.
struct Half {
  int64_t row;                         // of positions whose columns are still to be made; none if negative
  Value start, column, block, inBlock; // the first channel pair's, and how far on the next one's are
  Value inBlocks;                      // none where the row has no part in the positions
};

class PairedProducts : public WinogradProducts {
public:
  PairedProducts(Builder &b, const WinogradConvSpec &spec)
      : WinogradProducts(b, spec, depthOf(spec)), columnVectors((blocks * depth * kLanes) | 1),
        scratch(scratchVectors(b, kTaps * columnVectors)) {
    if (spec.taps.stride == 1)
      planes = {{0, false, {0, 1, 2}}};
    else
      planes = {{0, false, {0, 2}}, {1, false, {1}}, {2, true, {0, 2}}, {3, true, {1}}};
    WinogradPoints points = winogradPoints(n);
    PositionGroup all = {{{0, n - 1}, 0}};
    for (int i = 0; i < points.count; ++i)
      all.push_back({{2 * i + 1, 2 * i + 2}, points.pairs[i]});
    if (points.single != 0)
      all.push_back({{n - 2}, points.single});
    if (spec.schedule.rows == n)
      groups = {all};
    else
      for (const Positions &positions : all)
        groups.push_back({positions});
  }

  void multiply(const WinogradChunk &chunk, Value sums) override {
    if (spec.schedule.rows == n)
      return multiplyRows(chunk, sums);
    b.loop(b.constant(0), b.constant(n), 1, {chunk.input, sums, chunk.next}, [&](Value row, ValueRange at) {
      Half even = halfOf(chunk, row), odd = tapsOf(chunk, kMade, 1);
      odd.inBlocks = select(b, b.less(row, b.constant(n - 1)), chunk.inBlocks, b.constant(0));
      for (auto [i, these] : llvm::enumerate(groups)) {
        Value next = b.at(at[2], i * rowFetchFloats() / int64_t(groups.size()));
        products(these, {at[0], at[1], next}, even, odd, chunk.begun);
      }
      return Values{b.at(at[0], n * inputVectors * kLanes), b.at(at[1], n * sumVectors() * kLanes),
                    b.at(at[2], rowFetchFloats())};
    });
  }

private:
  static constexpr int64_t kMade = -1;

  void multiplyRows(const WinogradChunk &chunk, Value sums) {
    for (int64_t row = 0; row < n; ++row) {
      Values at = {b.at(chunk.input, row * n * inputVectors * kLanes), b.at(sums, row * n * sumVectors() * kLanes),
                   b.at(chunk.next, row * rowFetchFloats())};
      Half even = tapsOf(chunk, row, 0), odd = tapsOf(chunk, kMade, 1);
      odd.inBlocks = row < n - 1 ? chunk.inBlocks : b.constant(0);
      products(groups.front(), at, even, odd, chunk.begun);
    }
  }

  /// The taps in memory, from a row on.
  Half tapsOf(const WinogradChunk &chunk, int64_t position, int64_t row) {
    return {position,
            b.at(chunk.filter, row * kTaps * kTapFloats),
            b.constant(kTapFloats),
            outBlockFloats(),
            b.constant(filterFloats()),
            chunk.inBlocks};
  }

  Half halfOf(const WinogradChunk &chunk, Value row) {
    Value isFirst = b.equal(row, b.constant(0));
    Value inner = mlir::arith::AndIOp::create(b.op, b.less(b.constant(0), row), b.less(row, b.constant(n - 1)));
    b.when(inner, [&] { transformRow(chunk, winogradPoint(b, n, row)); });
    Value lastTaps = b.at(chunk.filter, (kTaps - 1) * kTaps * kTapFloats);
    auto choose = [&](Value taps, Value made) { return select(b, inner, made, taps); };
    return {kMade,
            choose(select(b, isFirst, chunk.filter, lastTaps), scratch),
            choose(b.constant(kTapFloats), b.constant(columnVectors * kLanes)),
            choose(outBlockFloats(), b.constant(depth * kLanes * kLanes)),
            choose(b.constant(filterFloats()), b.constant(kLanes * kLanes)),
            chunk.inBlocks};
  }

  /// scratch = the taps' rows as a polynomial of the point.
  void transformRow(const WinogradChunk &chunk, Value point) {
    b.loop(b.constant(0), b.constant(blocks), 1, {chunk.filter, scratch}, [&](Value, ValueRange block) {
      b.loop(b.constant(0), chunk.inBlocks, 1, block, [&](Value, ValueRange inBlock) {
        b.loop(b.constant(0), b.constant(kLanes), 1, inBlock, [&](Value, ValueRange channel) {
          for (int64_t column = 0; column < kTaps; ++column)
            b.store(combine([&](int64_t row) { return b.load(channel[0], (row * kTaps + column) * kTapFloats); }, point),
                    channel[1], column * columnVectors * kLanes);
          return Values{b.at(channel[0], kLanes), b.at(channel[1], kLanes)};
        });
        return Values{b.at(inBlock[0], filterFloats()), b.at(inBlock[1], kLanes * kLanes)};
      });
      return Values{b.at(block[0], outBlockFloats()), b.at(block[1], depth * kLanes * kLanes)};
    });
  }

  Value combine(llvm::function_ref<Value(int64_t row)> tap, Value point) {
    return b.fma(point, spec.taps.stride == 1 ? b.fma(point, tap(2), tap(1)) : tap(2), tap(0));
  }

  static llvm::SmallVector<int64_t> placesOf(const PositionGroup &group) {
    llvm::SmallVector<int64_t> places;
    for (const Positions &positions : group)
      places.append(positions.places.begin(), positions.places.end());
    return places;
  }

  /// The next chunk's filters are fetched a few lines at a time, by each pass through the innermost body of the first plane;
  /// this is what a row of positions fetches.
  int64_t rowFetchFloats() const { return int64_t(groups.size()) * depth * (kLanes / kUnrolled) * fetchedLines() * kLanes; }

  int64_t fetchedLines() const {
    int64_t perBlock = kTaps * kTaps * kUnrolled, passes = n * int64_t(groups.size());
    return (perBlock + passes - 1) / passes;
  }

  void fetchLines(Value from) {
    for (int64_t block = 0; block < blocks; ++block)
      for (int64_t line = 0; line < fetchedLines(); ++line)
        b.prefetch(b.at(b.at(from, b.mul(outBlockFloats(), block)), line * kLanes));
  }

  /// Of the row of positions where `row` (input, sums, what to fetch) stands.
  void products(const PositionGroup &these, ValueRange row, const Half &half, const Half &odd, Value begun) {
    llvm::SmallVector<int64_t> places = placesOf(these);
    auto sumsAt = [&](int64_t place, Value offset) { return b.at(b.at(row[1], place * sumVectors() * kLanes), offset); };
    forEachTile([&](Value offset, int64_t columns) {
      Values sums;
      for (int64_t place : places)
        sums.append(loadSums(sumsAt(place, offset), columns, begun));
      for (const Plane &plane : planes)
        sums = accumulate(these, plane, columns, plane.meetsOddRow ? odd : half, b.at(row[0], offset), row[2], sums);
      for (auto [i, place] : llvm::enumerate(places))
        storeSums(ValueRange(sums).slice(i * columns * blocks, columns * blocks), sumsAt(place, offset), columns);
    });
  }

  /// The tile's sums at one position after the other, and the plane's products.
  Values accumulate(const PositionGroup &these, const Plane &plane, int64_t columns, const Half &half, Value input, Value next,
                    ValueRange sums) {
    Values carried = {b.at(input, plane.index * n * n * inputVectors * kLanes), half.start, next};
    carried.append(sums.begin(), sums.end());
    carried = b.loop(b.constant(0), half.inBlocks, 1, carried, [&](Value, ValueRange inBlock) {
      Values after = b.loop(b.constant(0), b.constant(kLanes), kUnrolled, inBlock,
                            [&](Value, ValueRange inner) { return steps(these, plane, columns, half, inner); });
      after[0] = b.at(inBlock[0], inBlockVectors() * kLanes);
      after[1] = b.at(inBlock[1], half.inBlock);
      return after;
    });
    return Values(llvm::drop_begin(carried, 3));
  }

  /// Some channels' products; what is carried are input, half, what to fetch, and sums.
  Values steps(const PositionGroup &these, const Plane &plane, int64_t columns, const Half &half, ValueRange carried) {
    Values values(carried);
    auto sums = llvm::MutableArrayRef(values).drop_front(3);
    if (plane.index == 0)
      fetchLines(carried[2]);
    for (int64_t channel = 0; channel < kUnrolled; ++channel) {
      llvm::SmallVector<Values, 2> taps; // of each output block
      for (int64_t block = 0; block < blocks; ++block)
        taps.push_back(columnsOf(plane, half, b.at(carried[1], b.mul(half.block, block)), channel));
      int64_t first = 0;
      for (const Positions &positions : these) {
        int64_t count = positions.places.size() * columns * blocks;
        pairStep(positions, columns, b.at(carried[0], channel), taps, sums.slice(first, count));
        first += count;
      }
      b.fence();
    }
    values[0] = b.at(carried[0], kUnrolled);
    values[1] = b.at(carried[1], kUnrolled * kLanes);
    values[2] = b.at(carried[2], fetchedLines() * kLanes);
    return values;
  }

  /// The columns of taps that the plane meets, for one of the channel pairs from `from` on.
  Values columnsOf(const Plane &plane, const Half &half, Value from, int64_t channel) {
    Values taps;
    for (int64_t column : plane.columns) {
      auto tap = [&](int64_t row) { return b.load(b.at(from, b.mul(half.column, row * kTaps + column)), channel * kLanes); };
      bool isEdge = half.row == kMade || half.row == 0 || half.row == n - 1;
      taps.push_back(isEdge ? tap(half.row == n - 1 ? kTaps - 1 : 0)
                            : combine(tap, b.splat(float(winogradPoints(n).at(half.row)))));
    }
    return taps;
  }

  /// One channel's products at one or two positions.
  void pairStep(const Positions &these, int64_t columns, Value input, llvm::ArrayRef<Values> taps,
                llvm::MutableArrayRef<Value> sums) {
    llvm::SmallVector<Values, 2> weights(these.places.size());
    for (const Values &ofBlock : taps)
      for (auto [i, weight] : llvm::enumerate(filtersOf(these, ofBlock)))
        weights[i].push_back(weight);
    for (auto [i, place] : llvm::enumerate(these.places))
      if (weights[i].front())
        multiplyStep(b, 0, columns, b.at(input, place * inputVectors * kLanes), weights[i],
                     sums.slice(i * columns * blocks, columns * blocks));
  }

  /// The filters at the places, from the columns of taps; null where they have no part.
  Values filtersOf(const Positions &these, const Values &taps) {
    Value point = b.splat(float(these.point));
    if (these.point == 0)
      return {taps.front(), int64_t(taps.size()) == spec.taps.count() ? taps.back() : Value()};
    Value even = taps.size() < 3 ? taps[0] : b.fma(b.splat(float(these.point * these.point)), taps[2], taps[0]);
    if (taps.size() == 1)
      return Values(these.places.size(), even);
    if (these.places.size() == 1)
      return {b.fma(point, taps[1], even)};
    Value odd = winogradMultiplyAdd(b, point, taps[1], Value());
    return {plus(b, even, odd), minus(b, even, odd)};
  }

  int64_t columnVectors; // from one column to the next
  Value scratch;         // [3][blocks][depth][16 ic][16 oc]
  llvm::SmallVector<Plane, 4> planes;
  llvm::SmallVector<PositionGroup, 4> groups;
};

} // namespace

std::unique_ptr<WinogradProducts> skip::kernel::pairedProducts(Builder &b, const WinogradConvSpec &spec) {
  return std::make_unique<PairedProducts>(b, spec);
}
