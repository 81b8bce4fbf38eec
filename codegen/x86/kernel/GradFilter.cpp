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
// Sums stay in registers over a chunk of some 128 pixels and are then added to the result: so a float holds sums of up to 128
// terms, and another of up to N * H * W / 128 such, and rounding errors stay small. All of a unit's tiles go through a chunk
// before the next, so that it is read from the first-level cache. Where the last blocks of channels are not full, the sums of
// what does not exist are cleared in the end: zeros times a gradient that is not finite have made NaN there. The zeros around a
// picture take part in sums, so an infinite gradient makes all taps of its channels NaN, also those that lie outside of the
// picture.
//
// On one core of a Xeon (Sapphire Rapids), batch 64, of the peak of its multiplications: see bench/GradFilterBench.cpp.
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
    b.forEachUnit({tile.blocks, 1, tile.together}, [&](std::array<Value, 3> position) {
      place(position);
      forTiles([&](Place at) { clear(at); });
      forChunks([&](Chunk chunk) { forTiles([&](Place at) { addChunk(chunk, at); }); });
      clearMissing();
    });
  }

private:
  /// A tile: its first gradient, what its window's rows begin at in x beside that of pixel 0, and its first scalar.
  struct Place {
    Value gradient, inputOffset, scalar;
  };
  /// Images [firstImage, lastImage) and rows [firstRow, lastRow) of each.
  struct Chunk {
    Value firstImage, lastImage, firstRow, lastRow;
  };

  int64_t lanes() const { return spec.planarInput ? 1 : kLanes; }
  int64_t blockFloats() const { return spec.kernelHeight * spec.scalarsOfRow() * kLanes; }
  int64_t rowFloats() const { return spec.scalarsOfRow() * kLanes; }

  /// Where the unit's blocks begin in each operand.
  void place(std::array<Value, 3> position) {
    outBlock = position[0], inBlock = position[1], firstTile = position[2];
    outStride = b.mul(b.param(Param::inBlocks), blockFloats());
    gradients = b.at(b.operand(2), b.add(b.mul(outBlock, outStride), b.mul(inBlock, blockFloats())));
    dy = b.at(b.operand(0), b.mul(outBlock, b.param(Param::dyBlock)));
    Value padding = b.param(Param::padding), before = b.add(b.mul(padding, b.param(Param::xRow)), b.mul(padding, lanes()));
    x = b.at(b.operand(1), b.sub(b.mul(inBlock, b.param(Param::xBlock)), before));
  }

  void forTiles(llvm::function_ref<void(Place at)> body) {
    Value inRow = b.constant(spec.scalarsOfRow() / tile.scalars);
    b.loop(b.constant(0), b.constant(tile.together), 1, [&](Value index) {
      Value number = b.add(firstTile, index), row = b.mul(b.divide(number, inRow), tile.rows),
            scalar = b.mul(b.modulo(number, inRow), tile.scalars);
      Value offset = b.add(b.mul(row, rowFloats()), b.mul(scalar, kLanes));
      body({b.at(gradients, offset), b.add(b.mul(row, b.param(Param::xRow)), scalar), scalar});
    });
  }

  void forChunks(llvm::function_ref<void(Chunk chunk)> body) {
    auto forPieces = [&](Value length, Value piece, llvm::function_ref<void(Value first, Value last)> each) {
      Value pieces = b.divide(b.add(length, b.sub(piece, b.constant(1))), piece);
      b.loop(b.constant(0), pieces, 1, [&](Value index) {
        Value first = b.mul(index, piece);
        each(first, b.min(length, b.add(first, piece)));
      });
    };
    forPieces(b.param(Param::images), b.param(Param::chunkImages), [&](Value firstImage, Value lastImage) {
      forPieces(b.param(Param::rows), b.param(Param::chunkRows),
                [&](Value firstRow, Value lastRow) { body({firstImage, lastImage, firstRow, lastRow}); });
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
    Value first = b.at(x, at.inputOffset);
    Values sums = b.loop(chunk.firstImage, chunk.lastImage, 1, zeros, [&](Value image, ValueRange ofImages) {
      Value dyImage = b.at(dy, b.mul(image, b.param(Param::dyImage))),
            xImage = b.at(first, b.mul(image, b.param(Param::xImage)));
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
    Value outLeft = b.sub(b.param(Param::outChannels), b.mul(outBlock, kLanes));
    Value inLeft = b.sub(b.param(Param::inChannels), b.mul(inBlock, lanes()));
    Value isPartial = mlir::arith::OrIOp::create(b.op, b.less(outLeft, b.constant(tile.blocks * kLanes)),
                                                 b.less(inLeft, b.constant(lanes())));
    b.when(isPartial, [&] {
      forTiles([&](Place at) {
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
      });
    });
  }

  Builder &b;
  const GradFilterSpec &spec;
  const GradFilterTile &tile;
  Value outBlock, inBlock, firstTile, outStride;
  Value gradients, dy, x; // of the unit's blocks; x at the window of pixel 0
};

} // namespace

void skip::kernel::emitGradFilter(mlir::ModuleOp module, llvm::StringRef name, const GradFilterSpec &spec) {
  Builder b(module, name);
  b.keepOrder();
  GradFilterEmitter(b, spec).emit();
  b.finish();
}
