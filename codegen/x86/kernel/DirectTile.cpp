// The inner loops of a direct convolution.
//
// The tile's accumulators stay in registers from the bias to the epilogue. Loops over input blocks, filter rows and filter
// columns carry them together with two pointers, one into the input and one into the weights, which lie in just the order in
// which these loops read them. The innermost loop handles the 16 channels of a block as unrolled steps (a planar input: the
// taps of a filter row). A step loads one weight vector per output block and, for each pixel, one input scalar that all output
// blocks share:
//
//   w0, w1 = weights[ic], weights[ic + blockStride]
//   x = input[row 0, column 0][ic];  acc00 += x * w0;  acc01 += x * w1
//   x = input[row 0, column 1][ic];  acc10 += x * w0;  acc11 += x * w1    ...
//
// so that a tile of 2 blocks x 14 columns issues 16 loads for 28 multiplications and needs 31 registers. Where a tile has more
// blocks than pixels, the step keeps its pixels in registers instead and streams the weights. Addresses within a tile row are
// constants from the row's pointer; further rows and output blocks cost one index register each.
//
// This order is the register allocation: loads that move up into an earlier step, or scalars shared between taps, spill
// accumulators (a 3 x 8 tile of 28 registers then moves 58 vectors through the stack in each iteration). So a fence that costs
// no instruction separates the steps, and the code generator is asked to keep the order.
#include "codegen/x86/kernel/DirectTile.h"

using namespace skip::kernel;

namespace {

/// Emits the accumulation of one root into one tile.
class RootEmitter {
public:
  RootEmitter(Builder &b, const ConvRootOperands &operands, const ConvTile &tile, bool imagesAreColumns)
      : b(b), operands(operands), root(operands.root), tile(tile), imagesAreColumns(imagesAreColumns) {}

  /// What loops carry: input pointer, weight pointer, accumulators in the order of `accumulator`.
  Values accumulate(ValueRange accumulators) {
    Values carried = {firstInput(), b.at(operands.weights, b.mul(tile.block, operands.weightBlock))};
    carried.append(accumulators.begin(), accumulators.end());
    carried = b.loop(b.constant(0), operands.inBlocks, 1, carried, [&](Value, ValueRange inner) {
      return advance(filterRows(inner), inner, operands.input.block, operands.taps.block);
    });
    return Values(llvm::drop_begin(carried, 2));
  }

private:
  int64_t inputLanes() const { return root.planarInput ? 1 : kLanes; }

  /// The input element under the tile's first output and the filter's first tap.
  Value firstInput() {
    const View &input = operands.input;
    auto window = [&](Value position) { return b.sub(b.mul(position, root.stride), operands.padding); };
    Value offset = b.add(b.mul(tile.image, input.image), b.mul(window(tile.row), input.row));
    if (!imagesAreColumns)
      return b.at(input.pointer, b.add(offset, b.mul(window(tile.column), inputLanes())));
    offset = b.sub(b.add(offset, b.mul(tile.column, input.pixel)), b.mul(operands.padding, inputLanes()));
    return b.at(input.pointer, offset);
  }

  /// After an inner loop: its weights and accumulators, but the input of before it, moved on by `step`; and so the weights,
  /// where taps are passed over.
  Values advance(Values results, ValueRange before, Value step, int64_t taps) {
    results[0] = b.at(before[0], step);
    if (taps)
      results[1] = b.at(before[1], taps);
    return results;
  }

  Values filterRows(ValueRange carried) {
    if (root.kernelHeight == 1)
      return filterColumns(carried);
    return b.loop(b.constant(0), b.constant(root.kernelHeight), 1, carried, [&](Value, ValueRange inner) {
      return advance(filterColumns(inner), inner, operands.input.row, operands.taps.row);
    });
  }

  Values filterColumns(ValueRange carried) {
    if (root.planarInput)
      return steps(carried, root.kernelWidth);
    if (root.kernelWidth == 1)
      return steps(carried, kLanes);
    return b.loop(b.constant(0), b.constant(root.kernelWidth), 1, carried, [&](Value, ValueRange inner) {
      Values next = steps(inner, kLanes);
      next[0] = b.at(inner[0], kLanes);
      if (operands.taps.column)
        next[1] = b.at(inner[1], operands.taps.column);
      return next;
    });
  }

  /// `count` unrolled steps; moves the weights on.
  Values steps(ValueRange carried, int64_t count) {
    Values values(carried);
    Values pixels = pixelPointers(values[0]), blocks = blockPointers(values[1]);
    for (int64_t index = 0; index < count; ++index) {
      step(index, pixels, blocks, llvm::MutableArrayRef<Value>(values).drop_front(2));
      b.fence();
    }
    values[1] = b.at(values[1], count * kLanes);
    return values;
  }

  /// Where each pixel of the tile, row by row, reads its input.
  Values pixelPointers(Value input) {
    Values pointers;
    for (int64_t row = 0; row < tile.rows; ++row) {
      Value start = row == 0 ? input : b.at(input, b.mul(operands.input.row, row * root.stride));
      for (int64_t column = 0; column < tile.columns; ++column)
        pointers.push_back(imagesAreColumns && column > 0 ? b.at(start, b.mul(operands.input.pixel, column))
                                                          : b.at(start, column * root.stride * inputLanes()));
    }
    return pointers;
  }

  Values blockPointers(Value weights) {
    Values pointers = {weights};
    for (int64_t block = 1; block < tile.blocks; ++block)
      pointers.push_back(b.at(weights, b.mul(operands.weightBlock, block)));
    return pointers;
  }

  void step(int64_t index, ValueRange pixels, ValueRange blocks, llvm::MutableArrayRef<Value> accumulators) {
    auto input = [&](Value pixel) { return b.splat(b.loadScalar(pixel, index)); };
    auto weight = [&](Value block) { return b.load(block, index * kLanes); };
    auto multiply = [&](size_t pixel, size_t block, Value x, Value w) {
      Value &sum = accumulators[pixel * blocks.size() + block];
      sum = b.fma(x, w, sum);
    };
    if (blocks.size() <= pixels.size()) {
      Values weights(llvm::map_range(blocks, weight));
      for (auto [p, pixel] : llvm::enumerate(pixels))
        for (auto [k, x] = std::pair<size_t, Value>(0, input(pixel)); k < weights.size(); ++k)
          multiply(p, k, x, weights[k]);
      return;
    }
    Values inputs(llvm::map_range(pixels, input));
    for (auto [k, block] : llvm::enumerate(blocks))
      for (auto [p, w] = std::pair<size_t, Value>(0, weight(block)); p < inputs.size(); ++p)
        multiply(p, k, inputs[p], w);
  }

  Builder &b;
  const ConvRootOperands &operands;
  const ConvRoot &root;
  const ConvTile &tile;
  bool imagesAreColumns;
};

} // namespace

/// One accumulator for each pixel and block, pixels outermost.
static Values initialize(Builder &b, Value bias, const ConvTile &tile) {
  Values blocks;
  for (int64_t block = 0; block < tile.blocks; ++block)
    blocks.push_back(bias ? b.load(b.at(bias, b.mul(tile.block, kLanes)), block * kLanes) : b.splat(0.0f));
  Values accumulators;
  for (int64_t pixel = 0; pixel < tile.rows * tile.columns; ++pixel)
    accumulators.append(blocks);
  return accumulators;
}

static void storeTile(Builder &b, const ConvSpec &spec, const ConvOperands &operands, const ConvTile &tile,
                      ValueRange accumulators) {
  EpilogueSources sources = tileSources(b, operands, tile);
  View output = operands.output;
  output.pointer = tilePointer(b, output, tile);
  for (int64_t block = 0; block < tile.blocks; ++block)
    for (int64_t row = 0; row < tile.rows; ++row)
      for (int64_t column = 0; column < tile.columns; ++column) {
        TilePosition position{block, row, column};
        Value sum = accumulators[(row * tile.columns + column) * tile.blocks + block];
        b.store(applyEpilogue(b, spec.epilogue, sources, sum, position), at(b, output, position));
      }
}

void skip::kernel::emitDirectTile(Builder &b, const ConvSpec &spec, const ConvOperands &operands, const ConvTile &tile) {
  Values accumulators = initialize(b, operands.bias, tile);
  for (const ConvRootOperands &root : operands.roots)
    accumulators = RootEmitter(b, root, tile, spec.imagesAreColumns).accumulate(accumulators);
  storeTile(b, spec, operands, tile, accumulators);
}
