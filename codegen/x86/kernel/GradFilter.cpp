// Direct gradients of filters.
//
// For one tap (r, s) the gradient of 16 x 16 channels is a product of matrices that are summed over all pixels: dy's vectors of
// 16 output channels by single values of x. In layouts of blocks the scalars of all columns of a window's row lie side by side
// in x, and their gradients in the filter, so a tile of sums (GradFilterTile.cpp) need not know where a tap ends:
//
//   d0, d1 = dy[block 0], dy[block 1]                 of a pixel
//   x = window's row[j];      sum00 += x * d0;  sum10 += x * d1
//   x = window's row[j + 1];  sum01 += x * d0;  sum11 += x * d1    ...
//
// Sums stay in registers over a chunk of up to 128 pixels (or a row, where that is longer) and are then added to the result: so
// a float holds sums of so many terms, and another of as many such as there are chunks, and rounding errors stay small. All of
// a unit's tiles go through a chunk before the next, so that it is read from the first-level cache. Where the last blocks of
// channels are not full, the sums of what does not exist are cleared in the end: zeros times a gradient that is not finite have
// made NaN there. The zeros around a picture take part in sums, so an infinite gradient makes all taps of its channels NaN,
// also those that lie outside of the picture.
//
// On one core of a busy Xeon (Sapphire Rapids), batch 64, per cent of the peak of its multiplications with AVX-512, and with
// AVX2 of theirs: 3x3 of 16 channels at 32x32 60 to 69 and 68, of 64 channels at 16x16 66 to 74 and 73, of 512 channels at 7x7
// 68 and 69; 1x1 64 -> 256 at 56x56 37 and 47, whose pictures are read faster than memory gives them
// (bench/GradFilterBench.cpp).
#include "codegen/x86/kernel/GradFilter.h"
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace skip::kernel;
using Param = GradFilterParam;

namespace {

class GradFilterEmitter {
public:
  GradFilterEmitter(Builder &b, const GradFilterSpec &spec) : b(b), spec(spec), tile(spec.tile) {}

  void emit() {
    outStride = b.mul(b.param(Param::inBlocks), blockFloats());
    b.forEachUnit({spec.unit.outBlocks, spec.unit.inBlocks, spec.unitScalars()}, [&](std::array<Value, 3> position) {
      unit = position;
      unit[2] = b.divide(unit[2], b.constant(tile.rows * tile.scalars)); // the first tile
      forTiles([&](Place at) { clear(at); });
      forChunks([&](Chunk chunk) { forTiles([&](Place at) { addChunk(chunk, at); }); });
      clearMissing();
    });
  }

private:
  /// A tile: its blocks, the first of its scalars, its first gradient, and where pixel 0 of image 0 reads dy and x.
  struct Place {
    Value outBlock, inBlock, scalar;
    Value gradient, dy, x;
  };
  /// Images [firstImage, lastImage) and rows [firstRow, lastRow) of each.
  struct Chunk {
    Value firstImage, lastImage, firstRow, lastRow;
  };

  int64_t lanes() const { return spec.planarInput ? 1 : kLanes; }
  int64_t blockFloats() const { return spec.kernelHeight * spec.scalarsOfRow() * kLanes; }
  int64_t rowFloats() const { return spec.scalarsOfRow() * kLanes; }

  /// The unit's tiles, one after the other.
  void forTiles(llvm::function_ref<void(Place at)> body) {
    Value zero = b.constant(0), inRow = b.constant(spec.scalarsOfRow() / tile.scalars);
    b.loop(zero, b.constant(spec.unit.outBlocks), tile.blocks, [&](Value out) {
      b.loop(zero, b.constant(spec.unit.inBlocks), 1, [&](Value in) {
        b.loop(zero, b.constant(spec.unit.tiles), 1, [&](Value index) {
          Value number = b.add(unit[2], index), row = b.mul(b.divide(number, inRow), tile.rows),
                scalar = b.mul(b.modulo(number, inRow), tile.scalars);
          body(placeOf(b.add(unit[0], out), b.add(unit[1], in), row, scalar));
        });
      });
    });
  }

  Place placeOf(Value outBlock, Value inBlock, Value row, Value scalar) {
    Value block = b.add(b.mul(outBlock, outStride), b.mul(inBlock, blockFloats()));
    Value gradient = b.add(block, b.add(b.mul(row, rowFloats()), b.mul(scalar, kLanes)));
    Value padding = b.param(Param::padding), rows = b.mul(b.sub(row, padding), b.param(Param::xRow));
    Value x = b.add(b.mul(inBlock, b.param(Param::xBlock)), b.add(rows, b.sub(scalar, b.mul(padding, lanes()))));
    return {outBlock,
            inBlock,
            scalar,
            b.at(b.operand(2), gradient),
            b.at(b.operand(0), b.mul(outBlock, b.param(Param::dyBlock))),
            b.at(b.operand(1), x)};
  }

  void forChunks(llvm::function_ref<void(Chunk chunk)> body) {
    auto forPieces = [&](Value length, Value piece, llvm::function_ref<void(Value first, Value last)> each) {
      Value pieces = b.divide(b.add(length, b.sub(piece, b.constant(1))), piece);
      b.loop(b.constant(0), pieces, 1, [&](Value index) {
        Value first = b.mul(index, piece);
        each(first, b.min(length, b.add(first, piece)));
      });
    };
    Value images = b.param(Param::images), rows = b.param(Param::rows), columns = b.param(Param::columns);
    Value pixels = b.constant(spec.unit.pixels), one = b.constant(1);
    Value chunkImages = b.max(one, b.divide(pixels, b.mul(rows, columns))), chunkRows = b.max(one, b.divide(pixels, columns));
    forPieces(images, chunkImages, [&](Value firstImage, Value lastImage) {
      forPieces(rows, chunkRows, [&](Value firstRow, Value lastRow) { body({firstImage, lastImage, firstRow, lastRow}); });
    });
  }

  /// Calls `body` with the places of a tile's gradients, in the order of its sums.
  void forGradients(Value first, llvm::function_ref<void(Value gradient)> body) {
    for (int64_t block = 0; block < tile.blocks; ++block) {
      Value ofBlock = block ? b.at(first, b.mul(outStride, block)) : first;
      for (int64_t row = 0; row < tile.rows; ++row)
        for (int64_t scalar = 0; scalar < tile.scalars; ++scalar)
          body(b.at(ofBlock, row * rowFloats() + scalar * kLanes));
    }
  }

  void clear(Place at) {
    forGradients(at.gradient, [&](Value gradient) { b.store(b.splat(0.0f), gradient); });
  }

  void addChunk(Chunk chunk, Place at) {
    Values zeros(tile.blocks * tile.rows * tile.scalars, b.splat(0.0f));
    Values sums = b.loop(chunk.firstImage, chunk.lastImage, 1, zeros, [&](Value image, ValueRange ofImages) {
      Value dyImage = b.at(at.dy, b.mul(image, b.param(Param::dyImage))),
            xImage = b.at(at.x, b.mul(image, b.param(Param::xImage)));
      return b.loop(chunk.firstRow, chunk.lastRow, 1, ofImages, [&](Value row, ValueRange ofRows) {
        Value xRow = b.mul(b.mul(row, spec.stride), b.param(Param::xRow));
        return addRow(b.at(dyImage, b.mul(row, b.param(Param::dyRow))), b.at(xImage, xRow), ofRows);
      });
    });
    const Value *sum = sums.begin();
    forGradients(at.gradient, [&](Value gradient) { b.store(plus(b, b.load(gradient), *sum++), gradient); });
  }

  Values addRow(Value dyRow, Value xRow, ValueRange sums) {
    Values carried = {dyRow, xRow};
    carried.append(sums.begin(), sums.end());
    carried = b.loop(b.constant(0), b.param(Param::columns), 1, carried, [&](Value, ValueRange inner) {
      Values next(inner);
      addPixel(inner[0], inner[1], llvm::MutableArrayRef<Value>(next).drop_front(2));
      b.fence();
      next[0] = spec.imagesAreColumns ? b.at(inner[0], b.param(Param::dyPixel)) : b.at(inner[0], kLanes);
      next[1] = spec.imagesAreColumns ? b.at(inner[1], b.param(Param::xPixel)) : b.at(inner[1], spec.stride * lanes());
      return next;
    });
    return Values(llvm::drop_begin(carried, 2));
  }

  void addPixel(Value dyPixel, Value xPixel, llvm::MutableArrayRef<Value> sums) {
    Values vectors;
    for (int64_t block = 0; block < tile.blocks; ++block)
      vectors.push_back(b.load(block ? b.at(dyPixel, b.mul(b.param(Param::dyBlock), block)) : dyPixel));
    int64_t scalars = tile.rows * tile.scalars;
    for (int64_t row = 0; row < tile.rows; ++row) {
      Value xRow = row ? b.at(xPixel, b.mul(b.param(Param::xRow), row)) : xPixel;
      for (int64_t scalar = 0; scalar < tile.scalars; ++scalar) {
        Value value = b.splat(b.loadScalar(xRow, scalar));
        for (int64_t block = 0; block < tile.blocks; ++block) {
          Value &sum = sums[block * scalars + row * tile.scalars + scalar];
          sum = b.fma(value, vectors[block], sum);
        }
      }
    }
  }

  /// Zeros for channels that do not exist.
  void clearMissing() {
    auto reachesOut = [&](Value first, int64_t channels, unsigned count) {
      return b.less(b.param(count), b.add(first, b.constant(channels)));
    };
    Value isPartial =
        mlir::arith::OrIOp::create(b.op, reachesOut(b.mul(unit[0], kLanes), spec.unit.outBlocks * kLanes, Param::outChannels),
                                   reachesOut(b.mul(unit[1], lanes()), spec.unit.inBlocks * lanes(), Param::inChannels));
    b.when(isPartial, [&] { forTiles([&](Place at) { clearMissing(at); }); });
  }

  void clearMissing(Place at) {
    Value outLeft = b.sub(b.param(Param::outChannels), b.mul(at.outBlock, kLanes));
    Value inLeft = b.sub(b.param(Param::inChannels), b.mul(at.inBlock, lanes()));
    b.loop(b.constant(0), b.constant(tile.rows), 1, [&](Value row) {
      b.loop(b.constant(0), b.constant(tile.scalars), 1, [&](Value scalar) {
        Value exists = b.less(b.modulo(b.add(at.scalar, scalar), b.constant(lanes())), inLeft);
        Value first = b.at(at.gradient, b.add(b.mul(row, rowFloats()), b.mul(scalar, kLanes)));
        for (int64_t block = 0; block < tile.blocks; ++block) {
          Value count = select(b, exists, b.sub(outLeft, b.constant(block * kLanes)), b.constant(0));
          Value gradient = b.at(first, b.mul(outStride, block));
          b.store(select(b, lanesBelow(b, count), b.load(gradient), b.splat(0.0f)), gradient);
        }
      });
    });
  }

  Builder &b;
  const GradFilterSpec &spec;
  const GradFilterTile &tile;
  Value outStride; // between the gradients of two output blocks
  std::array<Value, 3> unit;
};

} // namespace

void skip::kernel::emitGradFilter(mlir::ModuleOp module, llvm::StringRef name, const GradFilterSpec &spec) {
  Builder b(module, name);
  b.keepOrder();
  GradFilterEmitter(b, spec).emit();
  b.finish();
}
