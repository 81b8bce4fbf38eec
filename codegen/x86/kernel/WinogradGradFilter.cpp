// Gradients of 3x3 filters by Winograd's F(3 x 3, m x m).
//
// Along one axis a gradient's three taps are three outputs of a convolution of x by dy: dw[k] = sum over i of dy[i] x[i + k].
// For a tile of m x m of dy and the window of n x n = (m + 2) x (m + 2) of x that it meets,
//
//   dw = A^T [(G dy G^T) * (B^T x B)] A         with the matrices of F(3, m), which has F(m, 3)'s points (WinogradPoints.h)
//
// The way back is linear, so the products of all tiles are summed before it, and it is taken once. Products are what a direct
// gradient has, at each position for itself: a matrix of 16 x 16 channels that is summed over tiles. A unit:
//
//   for each group of tiles:   transform x of the unit's input blocks, dy of its output blocks
//                              sums[position] += dy x^T           some in registers at a time, over the group's tiles
//   gradient = A^T sums A
//
// A unit transforms its blocks itself, though others transform them too: kept in memory they would be 36 / 16 of what they
// are made from (m = 4), for all images, and reading them would take longer than making them. The forward convolution's
// windows, which are the same, are gone: they are made a few images at a time.
//
// On one core of a busy Xeon (Sapphire Rapids), batch 64, AVX-512, per cent of what the peak multiplies directly: 16 channels
// at 32x32 98 to 110 (direct: 60 to 72), 32 at 16x16 162, 64 at 8x8 141 to 155, 128 at 28x28 113, 512 at 7x7 98 to 105; with
// AVX2 of its own peak 140 to 216. Products alone come to 280, F(3, 4)'s bound is 400: half of the time goes to the transforms,
// 8 to 9 cycles for each vector of a tile. Nothing is gained by fetching a group's pictures early, nor by smaller groups; a
// transform of dy that stays in registers gains 3 % of a unit of one pair of blocks (bench/GradFilterBench.cpp).
//
// Tiles that reach beyond the picture read zeros of dy there. An infinite or NaN gradient makes all taps of its channels NaN.
#include "codegen/x86/kernel/GradFilter.h"
#include "codegen/x86/kernel/Vectors.h"
#include "codegen/x86/kernel/WinogradTransform.h"
#include "codegen/x86/kernel/WinogradWindows.h"

using namespace skip::kernel;
using Param = WinogradGradFilterParam;

static constexpr int64_t kTaps = 3, kSquareVectors = kLanes; // vectors of a pair of blocks, at one position or tap

namespace {

/// G dy G^T of single tiles: as WinogradWindows, of dy. To be made at the function's top level.
class GradientTiles {
public:
  GradientTiles(Builder &b, int64_t tile, int64_t positionVectors)
      : b(b), m(tile), n(tile + kTaps - 1), positionVectors(positionVectors), half(scratchVectors(b, m * n)) {}

  void emit(Value image, Value block, Value tileRow, Value tileColumn, Value to) {
    Value top = b.mul(tileRow, m), left = b.mul(tileColumn, m), rowStride = b.param(Param::dyRow);
    Value plane = b.add(b.mul(image, b.param(Param::dyImage)), b.mul(block, b.param(Param::dyBlock)));
    Value start = b.at(b.operand(0), b.add(plane, b.add(b.mul(top, rowStride), b.mul(left, kLanes))));
    Value rows = b.sub(b.param(Param::rows), top), columns = b.sub(b.param(Param::columns), left);
    branch(b, b.less(b.min(rows, columns), b.constant(m)), [&](bool partial) {
      b.loop(b.constant(0), b.constant(m), 1, [&](Value row) {
        Value count = partial ? select(b, b.less(row, rows), columns, b.constant(0)) : Value();
        alongRow(b.at(start, b.mul(row, rowStride)), count, b.at(half, b.mul(row, n * kLanes)));
      });
    });
    b.loop(b.constant(0), b.constant(n), 1, [&](Value column) { alongColumn(column, to); });
  }

private:
  /// Of a row of m vectors, zero from `count` on where it is given.
  void alongRow(Value from, Value count, Value to) {
    Values row;
    for (int64_t i = 0; i < m; ++i)
      row.push_back(count ? loadMasked(b, b.at(from, i * kLanes), everyLane(b, b.less(b.constant(i), count)))
                          : b.load(from, i * kLanes));
    for (auto [i, value] : llvm::enumerate(winogradFilter(b, n, row)))
      b.store(value, to, i * kLanes);
  }

  void alongColumn(Value column, Value to) {
    Values values;
    for (int64_t i = 0; i < m; ++i)
      values.push_back(b.load(b.at(half, b.mul(column, kLanes)), i * n * kLanes));
    Value position = b.at(to, b.mul(column, positionVectors * kLanes));
    for (auto [row, value] : llvm::enumerate(winogradFilter(b, n, values)))
      b.store(value, position, row * n * positionVectors * kLanes);
  }

  Builder &b;
  int64_t m, n, positionVectors;
  Value half; // [m][n][16]
};

class WinogradGradFilterEmitter {
public:
  WinogradGradFilterEmitter(Builder &b, const WinogradGradFilterSpec &spec)
      : b(b), spec(spec), n(spec.tile + kTaps - 1), positionVectors(skip::plan::winogradPositionVectors(spec.group)),
        blockFloats(n * n * positionVectors * kLanes), sumFloats(spec.outBlocks * spec.inBlocks * kSquareVectors * kLanes),
        ofX(scratchVectors(b, spec.inBlocks * n * n * positionVectors)),
        ofDy(scratchVectors(b, spec.outBlocks * n * n * positionVectors)), sums(scratchVectors(b, n * n * sumFloats / kLanes)),
        half(scratchVectors(b, n * kTaps)), windows(winogradWindows(b, {spec.tile, spec.group, {}, 0}, sourceOf(b))),
        tiles(b, spec.tile, positionVectors) {}

  void emit() {
    b.forEachUnit({spec.outBlocks, spec.inBlocks, 1}, [&](std::array<Value, 3> position) {
      Value part = b.divide(position[0], b.param(Param::outBlocks));
      firstOut = b.modulo(position[0], b.param(Param::outBlocks));
      firstIn = position[1];
      b.loop(b.constant(0), b.constant(n * n * sumFloats), kLanes, [&](Value at) { b.store(b.splat(0.0f), b.at(sums, at)); });
      Value ofImage = b.mul(b.param(Param::tileRows), b.param(Param::tileColumns));
      Value last = b.mul(imageOf(b.add(part, b.constant(1))), ofImage);
      b.loop(b.mul(imageOf(part), ofImage), last, spec.group, [&](Value first) {
        Value count = b.min(b.constant(spec.group), b.sub(last, first));
        b.loop(b.constant(0), count, 1, [&](Value index) { transform(b.add(first, index), b.mul(index, kLanes)); });
        addProducts(count);
      });
      forPairs([&](Value out, Value in) { storePair(out, in, b.add(position[0], out)); });
    });
  }

private:
  static WindowSource sourceOf(Builder &b) {
    return {b.operand(1),          b.param(Param::xImage),   b.param(Param::xBlock), b.param(Param::xRow),
            b.param(Param::xRows), b.param(Param::xColumns), b.param(Param::padding)};
  }

  Value imageOf(Value part) { return b.divide(b.mul(part, b.param(Param::images)), b.param(Param::parts)); }

  void forPairs(llvm::function_ref<void(Value out, Value in)> body) {
    b.loop(b.constant(0), b.constant(spec.outBlocks), 1,
           [&](Value out) { b.loop(b.constant(0), b.constant(spec.inBlocks), 1, [&](Value in) { body(out, in); }); });
  }

  /// All of the unit's blocks of a tile, `place` elements behind the group's first.
  void transform(Value tile, Value place) {
    Value columns = b.param(Param::tileColumns), ofImage = b.mul(b.param(Param::tileRows), columns);
    Value image = b.divide(tile, ofImage), inImage = b.modulo(tile, ofImage);
    Value row = b.divide(inImage, columns), column = b.modulo(inImage, columns);
    auto at = [&](Value scratch, Value block) { return b.at(scratch, b.add(b.mul(block, blockFloats), place)); };
    b.loop(b.constant(0), b.constant(spec.inBlocks), 1,
           [&](Value block) { windows->emit(image, b.add(firstIn, block), row, column, at(ofX, block)); });
    b.loop(b.constant(0), b.constant(spec.outBlocks), 1,
           [&](Value block) { tiles.emit(image, b.add(firstOut, block), row, column, at(ofDy, block)); });
  }

  /// Those of the group's first `count` tiles.
  void addProducts(Value count) {
    b.loop(b.constant(0), b.constant(n * n), 1, {ofX, ofDy, sums}, [&](Value, ValueRange at) {
      b.loop(b.constant(0), b.constant(spec.outBlocks), spec.sumBlocks, [&](Value out) {
        Value dy = b.at(at[1], b.mul(out, blockFloats));
        b.loop(b.constant(0), b.constant(spec.inBlocks), 1, [&](Value in) {
          Value x = b.at(at[0], b.mul(in, blockFloats)), square = squareOf(at[2], out, in);
          b.loop(b.constant(0), b.constant(kLanes), spec.sumScalars,
                 [&](Value scalar) { addTile(count, b.at(x, scalar), dy, b.at(square, b.mul(scalar, kLanes))); });
        });
      });
      return Values{b.at(at[0], positionVectors * kLanes), b.at(at[1], positionVectors * kLanes), b.at(at[2], sumFloats)};
    });
  }

  Value squareOf(Value position, Value out, Value in) {
    return b.at(position, b.mul(b.add(b.mul(out, spec.inBlocks), in), kSquareVectors * kLanes));
  }

  /// What is in registers at a time, over the tiles.
  void addTile(Value count, Value x, Value dy, Value to) {
    auto forSums = [&](llvm::function_ref<void(Value sum, int64_t index)> body) {
      for (int64_t block = 0; block < spec.sumBlocks; ++block)
        for (int64_t scalar = 0; scalar < spec.sumScalars; ++scalar)
          body(b.at(to, (block * spec.inBlocks * kSquareVectors + scalar) * kLanes), block * spec.sumScalars + scalar);
    };
    Values carried = {x, dy};
    forSums([&](Value sum, int64_t) { carried.push_back(b.load(sum)); });
    carried = b.loop(b.constant(0), count, 1, carried, [&](Value, ValueRange inner) {
      Values next(inner), vectors;
      for (int64_t block = 0; block < spec.sumBlocks; ++block)
        vectors.push_back(b.load(inner[1], block * blockFloats));
      for (int64_t scalar = 0; scalar < spec.sumScalars; ++scalar) {
        Value value = b.splat(b.loadScalar(inner[0], scalar));
        for (int64_t block = 0; block < spec.sumBlocks; ++block) {
          Value &sum = next[2 + block * spec.sumScalars + scalar];
          sum = b.fma(value, vectors[block], sum);
        }
      }
      b.fence();
      next[0] = b.at(inner[0], kLanes);
      next[1] = b.at(inner[1], kLanes);
      return next;
    });
    forSums([&](Value sum, int64_t index) { b.store(carried[2 + index], sum); });
  }

  /// A^T sums A of a pair of blocks; zeros for channels that do not exist. `written`: the output block with its part.
  void storePair(Value out, Value in, Value written) {
    Value block = b.add(b.mul(written, b.param(Param::inBlocks)), b.add(firstIn, in));
    Value gradient = b.at(b.operand(2), b.mul(block, kTaps * kTaps * kSquareVectors * kLanes));
    Value outLeft = b.sub(b.param(Param::outChannels), b.mul(b.add(firstOut, out), kLanes));
    Value inLeft = b.sub(b.param(Param::inChannels), b.mul(b.add(firstIn, in), kLanes));
    b.loop(b.constant(0), b.constant(kLanes), 1, [&](Value channel) {
      Value lane = b.mul(channel, kLanes), exists = b.less(channel, inLeft);
      alongRows(b.at(squareOf(sums, out, in), lane));
      Value lanes = lanesBelow(b, select(b, exists, outLeft, b.constant(0)));
      b.loop(b.constant(0), b.constant(kTaps), 1, [&](Value column) {
        Value to = b.at(gradient, b.add(b.mul(column, kSquareVectors * kLanes), lane));
        for (auto [row, value] : llvm::enumerate(winogradBackward(b, kTaps, halves(column))))
          b.store(select(b, lanes, value, b.splat(0.0f)), to, row * kTaps * kSquareVectors * kLanes);
      });
    });
  }

  /// half = sums A.
  void alongRows(Value from) {
    b.loop(b.constant(0), b.constant(n), 1, {from, half}, [&](Value, ValueRange at) {
      Values row;
      for (int64_t i = 0; i < n; ++i)
        row.push_back(b.load(at[0], i * sumFloats));
      for (auto [i, value] : llvm::enumerate(winogradBackward(b, kTaps, row)))
        b.store(value, at[1], i * kLanes);
      return Values{b.at(at[0], n * sumFloats), b.at(at[1], kTaps * kLanes)};
    });
  }

  Values halves(Value column) {
    Values values;
    for (int64_t i = 0; i < n; ++i)
      values.push_back(b.load(b.at(half, b.mul(column, kLanes)), i * kTaps * kLanes));
    return values;
  }

  Builder &b;
  const WinogradGradFilterSpec &spec;
  int64_t n, positionVectors, blockFloats, sumFloats; // floats: of a transformed block; of a position's sums
  Value ofX, ofDy;                                    // [blocks][n * n][group | 1][16]
  Value sums;                                         // [n * n][outBlocks][inBlocks][16 ic][16 oc]
  Value half;                                         // [n][3][16]
  std::unique_ptr<WinogradWindows> windows;
  GradientTiles tiles;
  Value firstOut, firstIn;
};

} // namespace

void skip::kernel::emitWinogradGradFilter(mlir::ModuleOp module, llvm::StringRef name, const WinogradGradFilterSpec &spec) {
  Builder b(module, name);
  b.keepOrder();
  WinogradGradFilterEmitter(b, spec).emit();
  b.finish();
}

void skip::kernel::emitSumParts(mlir::ModuleOp module, llvm::StringRef name, const SumPartsSpec &) {
  using Param = SumPartsParam;
  Builder b(module, name);
  Value piece = b.mul(b.param(Param::pieceVectors), kLanes);
  b.forEachUnit({1, 1, 1}, [&](std::array<Value, 3> position) {
    Value first = b.mul(position[1], piece);
    b.loop(first, b.add(first, piece), kLanes, [&](Value at) {
      Values sum =
          b.loop(b.constant(1), b.param(Param::parts), 1, {b.load(b.at(b.operand(0), at))}, [&](Value part, ValueRange inner) {
            Value next = b.load(b.at(b.operand(0), b.add(at, b.mul(part, b.param(Param::partFloats)))));
            return Values{plus(b, inner[0], next)};
          });
      b.store(sum[0], b.at(b.operand(1), at));
    });
  });
  b.finish();
}
