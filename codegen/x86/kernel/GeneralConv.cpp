// Three ways to multiply, by what a block's groups look like.
//
// Groups of whole blocks are convolutions of their own: a step broadcasts one input scalar for each pixel, as DirectTile.cpp
// does.
//
// Of groups of 8, 4, 2 or 1 channels an output block has the input block of its number, and the channels that a lane needs are
// those of its group: of the i-th, the input vector with lane l taking lane l - l % depth + i. So a tap of a pixel is one load,
// `depth` permutations and as many multiplications, none of them with a zero:
//
//   depth 4   input       a b c d  e f g h  i j k l  m n o p
//             i = 1       b b b b  f f f f  j j j j  n n n n  * w[1]
//
// ResNeXt-50's 32 groups of 4 at 56 x 56 take 4 of 16 products that blocks filled up with zeros would. A depthwise convolution
// is the case without a permutation.
//
// Of all others a lane's channel is computed, and lanes are gathered from where theirs lies: slow, and right for any groups.
#include "codegen/x86/kernel/GeneralConv.h"
#include "codegen/x86/kernel/ConvOperands.h"
#include "codegen/x86/kernel/Gather.h"
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace arith = mlir::arith;
using namespace skip;
using namespace skip::kernel;
using Param = GeneralConvParam;

// Of a row in registers: beside sums an input and a weight, of AVX2 in two registers each.
static constexpr int64_t kWideColumns = 14, kNarrowColumns = 6, kWideBlocks = 2;

void kernel::chooseGeneralTile(GeneralConvSpec &spec, int64_t columns, int64_t groupBlocks, SkipIsa isa) {
  bool isWide = isa == SKIP_ISA_AVX512;
  int64_t most = isWide ? kWideColumns : kNarrowColumns, tiles = (columns + most - 1) / most;
  bool isEven = spec.form == GroupForm::blocks && groupBlocks % kWideBlocks == 0;
  spec.tile.blocks = isWide && isEven ? kWideBlocks : 1;
  spec.tile.columns = (columns + tiles - 1) / tiles;
  spec.tile.tail = columns % spec.tile.columns;
}

namespace {
class GeneralConvEmitter {
public:
  GeneralConvEmitter(Builder &b, const GeneralConvSpec &spec) : b(b), spec(spec), operands(load()) {}
  void emit();

private:
  ConvOperands load();
  void strip(ConvTile tile);
  void compute(const ConvTile &tile);
  Values initialize(const ConvTile &tile);
  void store(const ConvTile &tile, ValueRange sums);

  int64_t taps() const { return spec.kernelHeight * spec.kernelWidth; }
  Value firstInput(const ConvTile &tile, Value block);
  Values overTaps(Value input, Value weights, int64_t weightsOfTap, ValueRange sums,
                  llvm::function_ref<Values(Value input, Value weights, Values sums)> body);

  Values byBlocks(const ConvTile &tile, Values sums);
  Values steps(Value input, Value weights, Value weightBlock, const ConvTile &tile, Values sums);
  Values byLanes(const ConvTile &tile, Values sums);
  Values byGather(const ConvTile &tile, Values sums);

  Builder &b;
  const GeneralConvSpec &spec;
  Value inImage, inBlock, inRow;
  ConvOperands operands;
};
} // namespace

ConvOperands GeneralConvEmitter::load() {
  inImage = b.param(Param::inImage);
  inBlock = b.param(Param::inBlock);
  inRow = b.param(Param::inRow);
  ConvOperands loaded;
  unsigned next = 2;
  if (spec.bias)
    loaded.bias = b.operand(next++);
  loaded.epilogue = loadSources(b, spec.epilogue, next, [&](Value pointer, unsigned add) {
    auto param = [&](unsigned which) { return b.param(generalAddParam(add, which)); };
    return View{pointer, param(0), param(1), param(2), Value()};
  });
  loaded.output = {b.operand(next), b.param(Param::outImage), b.param(Param::outBlock), b.param(Param::outRow), Value()};
  loaded.lastLanes = spec.lastLanes;
  loaded.outBlocks = b.param(Param::outBlocks);
  loaded.outRows = b.param(Param::outRows);
  loaded.outColumns = b.param(Param::outColumns);
  loaded.outHalo = b.param(Param::outHalo);
  return loaded;
}

void GeneralConvEmitter::emit() {
  b.forEachUnit({1, spec.tile.blocks, 1}, [&](std::array<Value, 3> at) {
    strip({spec.tile.blocks, 1, spec.tile.columns, at[0], at[1], at[2], Value()});
  });
}

/// A row of the result, and the halo beside it.
void GeneralConvEmitter::strip(ConvTile tile) {
  Value end = b.mul(b.divide(operands.outColumns, b.constant(tile.columns)), tile.columns);
  b.loop(b.constant(0), end, tile.columns, [&](Value column) {
    tile.column = column;
    compute(tile);
  });
  if (spec.tile.tail > 0) {
    ConvTile rest = tile;
    rest.columns = spec.tile.tail;
    rest.column = end;
    compute(rest);
  }
  writeResultHalo(b, operands, tile.image, tile.block, b.constant(tile.blocks), tile.row, b.constant(1));
}

/// One accumulator for each pixel and block, pixels outermost.
Values GeneralConvEmitter::initialize(const ConvTile &tile) {
  Values blocks;
  for (int64_t block = 0; block < tile.blocks; ++block)
    blocks.push_back(operands.bias ? b.load(b.at(operands.bias, b.mul(tile.block, kLanes)), block * kLanes) : b.splat(0.0f));
  Values sums;
  for (int64_t column = 0; column < tile.columns; ++column)
    sums.append(blocks);
  return sums;
}

void GeneralConvEmitter::store(const ConvTile &tile, ValueRange sums) {
  EpilogueSources sources = tileSources(b, operands, tile);
  View output = operands.output;
  output.pointer = tilePointer(b, output, tile);
  for (int64_t block = 0; block < tile.blocks; ++block)
    for (int64_t column = 0; column < tile.columns; ++column) {
      TilePosition position{block, 0, column};
      Value sum = sums[column * tile.blocks + block];
      b.store(applyEpilogue(b, spec.epilogue, sources, sum, position), at(b, output, position));
    }
}

void GeneralConvEmitter::compute(const ConvTile &tile) {
  Values sums = initialize(tile);
  switch (spec.form) {
  case GroupForm::blocks:
    return store(tile, byBlocks(tile, sums));
  case GroupForm::lanes:
    return store(tile, byLanes(tile, sums));
  case GroupForm::gather:
    return store(tile, byGather(tile, sums));
  }
  llvm_unreachable("a form without code");
}

/// What the tile's first output reads by the filter's first tap, in block `block` of the input.
Value GeneralConvEmitter::firstInput(const ConvTile &tile, Value block) {
  Value row = b.sub(b.mul(tile.row, spec.strideRows), b.param(Param::top));
  Value column = b.sub(b.mul(tile.column, spec.strideColumns), b.param(Param::left));
  Value offset = b.add(b.mul(tile.image, inImage), b.mul(block, inBlock));
  return b.at(b.operand(0), b.add(b.add(offset, b.mul(row, inRow)), b.mul(column, kLanes)));
}

/// Runs `body` for each tap with what its first output reads and the tap's weights, which lie `weightsOfTap` apart.
Values GeneralConvEmitter::overTaps(Value input, Value weights, int64_t weightsOfTap, ValueRange sums,
                                    llvm::function_ref<Values(Value, Value, Values)> body) {
  Value rowStep = b.mul(inRow, spec.dilationRows);
  Values carried = {input, weights};
  carried.append(sums.begin(), sums.end());
  carried = b.loop(b.constant(0), b.constant(spec.kernelHeight), 1, carried, [&](Value, ValueRange row) {
    Values columns = b.loop(b.constant(0), b.constant(spec.kernelWidth), 1, row, [&](Value, ValueRange tap) {
      Values next = {b.at(tap[0], spec.dilationColumns * kLanes), b.at(tap[1], weightsOfTap)};
      next.append(body(tap[0], tap[1], Values(llvm::drop_begin(tap, 2))));
      return next;
    });
    columns[0] = b.at(row[0], rowStep);
    return columns;
  });
  return Values(llvm::drop_begin(carried, 2));
}

/// The 16 channels of an input block, one after the other.
Values GeneralConvEmitter::steps(Value input, Value weights, Value weightBlock, const ConvTile &tile, Values sums) {
  Values blocks = {weights};
  for (int64_t block = 1; block < tile.blocks; ++block)
    blocks.push_back(b.at(weights, b.mul(weightBlock, block)));
  for (int64_t channel = 0; channel < kLanes; ++channel) {
    Values factors;
    for (Value block : blocks)
      factors.push_back(b.load(block, channel * kLanes));
    for (int64_t column = 0; column < tile.columns; ++column) {
      Value x = b.splat(b.loadScalar(input, column * spec.strideColumns * kLanes + channel));
      for (int64_t block = 0; block < tile.blocks; ++block) {
        Value &sum = sums[column * tile.blocks + block];
        sum = b.fma(x, factors[block], sum);
      }
    }
    b.fence();
  }
  return sums;
}

Values GeneralConvEmitter::byBlocks(const ConvTile &tile, Values sums) {
  Value inBlocks = b.param(Param::inBlocks), weightBlock = b.mul(inBlocks, taps() * kLanes * kLanes);
  Value first = b.mul(b.divide(tile.block, b.param(Param::groupBlocks)), inBlocks);
  Values carried = {firstInput(tile, first), b.at(b.operand(1), b.mul(tile.block, weightBlock))};
  carried.append(sums);
  carried = b.loop(b.constant(0), inBlocks, 1, carried, [&](Value, ValueRange block) {
    Values next = {b.at(block[0], inBlock), b.at(block[1], taps() * kLanes * kLanes)};
    next.append(overTaps(block[0], block[1], kLanes * kLanes, block.drop_front(2), [&](Value input, Value weights, Values at) {
      return steps(input, weights, weightBlock, tile, std::move(at));
    }));
    return next;
  });
  return Values(llvm::drop_begin(carried, 2));
}

Values GeneralConvEmitter::byLanes(const ConvTile &tile, Values sums) {
  Value weights = b.at(b.operand(1), b.mul(tile.block, spec.depth * taps() * kLanes));
  return overTaps(firstInput(tile, tile.block), weights, kLanes, sums, [&](Value input, Value tap, Values at) {
    Values factors;
    for (int64_t i = 0; i < spec.depth; ++i)
      factors.push_back(b.load(tap, i * taps() * kLanes));
    for (int64_t column = 0; column < tile.columns; ++column) {
      Value x = b.load(input, column * spec.strideColumns * kLanes);
      for (int64_t i = 0; i < spec.depth; ++i) {
        llvm::SmallVector<int64_t, kLanes> lanes;
        for (int64_t lane = 0; lane < kLanes; ++lane)
          lanes.push_back(lane - lane % spec.depth + i);
        at[column] = b.fma(spec.depth == 1 ? x : shuffle(b, x, x, lanes), factors[i], at[column]);
      }
      b.fence();
    }
    return at;
  });
}

/// For each lane the first channel of its group, those of channels that do not exist being the last one's.
static Value firstChannels(Builder &b, const GeneralConvSpec &spec, Value block) {
  Value channels = lanesAsIntegers(b, b.mul(block, kLanes));
  Value last = everywhere(b, b.sub(b.param(Param::outChannels), b.constant(1)));
  Value group = arith::DivUIOp::create(b.op, Value(arith::MinSIOp::create(b.op, channels, last)),
                                       everywhere(b, b.param(Param::groupOutputs)));
  return arith::MulIOp::create(b.op, group, everywhere(b, b.constant(spec.depth)));
}

Values GeneralConvEmitter::byGather(const ConvTile &tile, Values sums) {
  Value first = firstChannels(b, spec, tile.block), origin = firstInput(tile, b.constant(0));
  Value weights = b.at(b.operand(1), b.mul(tile.block, spec.depth * taps() * kLanes));
  Values carried = {weights};
  carried.append(sums);
  carried = b.loop(b.constant(0), b.constant(spec.depth), 1, carried, [&](Value i, ValueRange inner) {
    Value offsets = channelOffsets(b, arith::AddIOp::create(b.op, first, everywhere(b, i)), inBlock);
    Values next = {b.at(inner[0], taps() * kLanes)};
    next.append(overTaps(origin, inner[0], kLanes, inner.drop_front(1), [&](Value input, Value tap, Values at) {
      Value factor = b.load(tap);
      for (int64_t column = 0; column < tile.columns; ++column)
        at[column] =
            b.fma(gather(b, placesOf(b, b.at(input, column * spec.strideColumns * kLanes), offsets)), factor, at[column]);
      return at;
    }));
    return next;
  });
  return Values(llvm::drop_begin(carried, 1));
}

void kernel::emitGeneralConv(mlir::ModuleOp module, llvm::StringRef name, const GeneralConvSpec &spec) {
  Builder b(module, name);
  b.keepOrder();
  GeneralConvEmitter(b, spec).emit();
  b.finish();
}
