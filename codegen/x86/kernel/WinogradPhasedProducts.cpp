// A 3x3 convolution of stride 2 over blocked channels, by the phases of its input (codegen/x86/kernel/Winograd.h). As in
// WinogradStoredProducts.cpp, filters are stored, a row of positions at a time.
//
// Rows (and columns) of the even phase meet taps 0 and 2, those of the odd phase tap 1 alone. So of the four phases' filters
//
//   even rows, even columns   depend on the position's row and column
//   even rows, odd columns    on its row alone
//   odd rows, even columns    on its column alone
//   odd rows, odd columns     are tap (1, 1) as it lies in memory
//
// and one tap's polynomial has no part at infinity: the odd phases skip the last row or column of positions. F(m x m) takes
// (2 m + 1)^2 products for each pair of channels instead of 9 m^2, F(7 x 7) half as many. Measured on a Zen 4 at 128 @ 28: 1.64
// times a direct convolution at its peak.
#include "codegen/x86/kernel/Vectors.h"
#include "codegen/x86/kernel/WinogradProducts.h"
#include "codegen/x86/kernel/WinogradTransform.h"

using namespace skip::kernel;

namespace {

/// Where one phase's factors lie, for one position.
struct Phase {
  Value input, filter;
  Value inBlocks;  // none where the phase has no part in the position
  Value block;     // from one output block's filters to the next, in elements
  int64_t inBlock; // from one input block's filters to the next
};

class PhasedProducts : public WinogradProducts {
public:
  PhasedProducts(Builder &b, const WinogradConvSpec &spec)
      : WinogradProducts(b, spec, /*depth=*/1), positionVectors((blocks * depth * kLanes) | 1),
        evenEven(scratchVectors(b, n * positionVectors)), evenOdd(scratchVectors(b, positionVectors)),
        oddEven(scratchVectors(b, n * positionVectors)) {}

  void multiply(const WinogradChunk &chunk, Value sums) override {
    forEachFilter(chunk, oddEven, [&](Value taps, Value to) { storeColumns(tap(taps, 1, 0), tap(taps, 1, 2), to); });
    b.loop(b.constant(0), b.constant(n), 1, {chunk.input, sums, chunk.next}, [&](Value row, ValueRange at) {
      transformRow(chunk, row);
      return products(at, chunk, beforeLast(row, chunk.inBlocks));
    });
  }

private:
  /// `count`, but zero in the last row or column of positions.
  Value beforeLast(Value position, Value count) { return select(b, b.less(position, b.constant(n - 1)), count, b.constant(0)); }

  Value tap(Value taps, int64_t row, int64_t column) { return b.load(taps, (row * 3 + column) * kLanes * kLanes); }

  /// `body` for each channel pair's taps, and where among those of a position its filter goes.
  void forEachFilter(const WinogradChunk &chunk, Value to, llvm::function_ref<void(Value taps, Value to)> body) {
    b.loop(b.constant(0), b.constant(blocks), 1, {chunk.filter, to}, [&](Value, ValueRange block) {
      b.loop(b.constant(0), chunk.inBlocks, 1, block, [&](Value, ValueRange inBlock) {
        b.loop(b.constant(0), b.constant(kLanes), 1, inBlock, [&](Value, ValueRange channel) {
          body(channel[0], channel[1]);
          return Values{b.at(channel[0], kLanes), b.at(channel[1], kLanes)};
        });
        return Values{b.at(inBlock[0], filterFloats()), b.at(inBlock[1], kLanes * kLanes)};
      });
      return Values{b.at(block[0], outBlockFloats()), b.at(block[1], depth * kLanes * kLanes)};
    });
  }

  /// The row of positions of two taps along the columns.
  void storeColumns(Value first, Value second, Value to) {
    for (auto [column, value] : llvm::enumerate(winogradFilter(b, n, {first, second})))
      b.store(value, to, column * positionVectors * kLanes);
  }

  /// The filters of even rows: tap row 0 + point * tap row 2, at infinity tap row 2.
  void transformRow(const WinogradChunk &chunk, Value row) {
    Value isLast = b.equal(row, b.constant(n - 1)), one = b.splat(1.0f), zero = b.splat(0.0f);
    Value first = select(b, isLast, zero, one), second = select(b, isLast, one, winogradPoint(b, n, row));
    auto combine = [&](Value taps, int64_t column) {
      Value upper = winogradMultiplyAdd(b, first, tap(taps, 0, column), Value());
      return winogradMultiplyAdd(b, second, tap(taps, 2, column), upper);
    };
    forEachFilter(chunk, evenEven, [&](Value taps, Value to) { storeColumns(combine(taps, 0), combine(taps, 2), to); });
    forEachFilter(chunk, evenOdd, [&](Value taps, Value to) { b.store(combine(taps, 1), to); });
  }

  /// A row of positions from where `from` (input, sums, what to fetch) stands; returns where it then stands. The odd rows'
  /// phases take part with `oddBlocks` input blocks.
  Values products(ValueRange from, const WinogradChunk &chunk, Value oddBlocks) {
    Values carried(from);
    carried.append({evenEven, oddEven});
    carried = b.loop(b.constant(0), b.constant(n), 1, carried, [&](Value column, ValueRange at) {
      fetch(at[2]);
      int64_t plane = n * n * inputVectors * kLanes;
      Value scratchBlock = b.constant(depth * kLanes * kLanes), centre = b.at(chunk.filter, 4 * kLanes * kLanes);
      std::array<Phase, 4> phases = {
          Phase{at[0], at[3], chunk.inBlocks, scratchBlock, kLanes * kLanes},
          {b.at(at[0], plane), evenOdd, beforeLast(column, chunk.inBlocks), scratchBlock, kLanes * kLanes},
          {b.at(at[0], 2 * plane), at[4], oddBlocks, scratchBlock, kLanes * kLanes},
          {b.at(at[0], 3 * plane), centre, beforeLast(column, oddBlocks), outBlockFloats(), filterFloats()}};
      forEachTile([&](Value offset, int64_t columns) {
        Values tileSums = loadSums(b.at(at[1], offset), columns, chunk.begun);
        for (const Phase &phase : phases)
          tileSums = accumulate(phase, offset, columns, tileSums);
        storeSums(tileSums, b.at(at[1], offset), columns);
      });
      int64_t position = positionVectors * kLanes;
      return Values{b.at(at[0], inputVectors * kLanes), b.at(at[1], sumVectors() * kLanes), b.at(at[2], fetchedFloats()),
                    b.at(at[3], position), b.at(at[4], position)};
    });
    carried.truncate(3);
    return carried;
  }

  /// The tile's sums and the phase's products.
  Values accumulate(const Phase &phase, Value offset, int64_t columns, ValueRange tileSums) {
    Values carried = {b.at(phase.input, offset), phase.filter};
    carried.append(tileSums.begin(), tileSums.end());
    carried = b.loop(b.constant(0), phase.inBlocks, 1, carried, [&](Value, ValueRange inner) {
      Values values(inner), sources;
      for (int64_t block = 0; block < blocks; ++block)
        sources.push_back(b.at(inner[1], b.mul(phase.block, block)));
      for (int64_t channel = 0; channel < kLanes; ++channel)
        loadedStep(b, channel, columns, inner[0], sources, llvm::MutableArrayRef(values).drop_front(2));
      values[0] = b.at(inner[0], inBlockVectors() * kLanes);
      values[1] = b.at(inner[1], phase.inBlock);
      return values;
    });
    return Values(llvm::drop_begin(carried, 2));
  }

  int64_t positionVectors;          // from one position's filters to the next
  Value evenEven, evenOdd, oddEven; // [n or 1][blocks][depth][16 ic][16 oc]
};

} // namespace

std::unique_ptr<WinogradProducts> skip::kernel::phasedProducts(Builder &b, const WinogradConvSpec &spec) {
  return std::make_unique<PhasedProducts>(b, spec);
}
