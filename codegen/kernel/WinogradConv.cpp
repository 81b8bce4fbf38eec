// The multiplications and the transform back, one group of tiles by `ocBlocks` blocks of output channels a unit.
//
// For each of the (m + 2)^2 positions, a small matrix product over the input channels: the group's tiles are the columns of
// register tiles as in a direct convolution. Its result is not kept for all positions: after each row of positions, A is
// applied along it, so that m of m + 2 columns remain, and the scratch between the two one-dimensional transforms stays small:
//
//   for each row i of positions:   line[j] = products of position (i, j);   half[i] = line A
//   for each tile and output block:   result = A^T half + bias, epilogue
//
// With the groups innermost a few blocks' filters stay in the cache while the whole input is read for each of them; with the
// blocks innermost a group stays while the whole filter is read for each, which is better where the filter is the smaller and
// stays in the second-level cache: 64 channels at 56 x 56, 16 images, gain a fifth by it, 128 channels at 28 x 28 would lose a
// tenth.
//
// The tiles of a last group that do not exist are multiplied like the others, whatever their columns hold, and not stored.
#include "codegen/kernel/Winograd.h"
#include "codegen/kernel/WinogradTransform.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace skip::kernel;
using Param = WinogradConvParam;

/// Of a filter that stays in the second-level cache (1 MB on recent server cores) beside a group of tiles.
static constexpr int64_t kNearFloats = 192 * 1024;

namespace {

/// A tile of the result: which one, and how much of it lies inside the picture.
struct ResultTile {
  Value image, column, row; // column and row: of its first pixel
  Value rows, columns;
};

class WinogradConvEmitter {
public:
  WinogradConvEmitter(Builder &b, const WinogradConvSpec &spec)
      : b(b), spec(spec), m(spec.tile), n(spec.tile + 2), group(spec.group), blocks(spec.schedule.ocBlocks) {
    line = scratchVectors(b, n * blocks * group);
    half = scratchVectors(b, blocks * group * n * m);
    loadOperands();
  }

  void emit() {
    Value blockUnits = b.ceilDiv(b.param(Param::outBlocks), blocks), groups = b.ceilDiv(b.param(Param::tiles), group);
    Value least = b.min(b.mul(groups, inputStride()), b.constant(kNearFloats / (n * n)));
    Value blocksInnermost = b.less(filterElements(), least);
    Value inner = choose(blocksInnermost, blockUnits, groups);
    b.loop(b.begin(), b.end(), 1, [&](Value index) {
      Value slow = b.divide(index, inner), fast = b.modulo(index, inner);
      unit(b.mul(choose(blocksInnermost, fast, slow), blocks), b.mul(choose(blocksInnermost, slow, fast), group));
    });
  }

private:
  void loadOperands();

  Value choose(Value condition, Value yes, Value no) { return mlir::arith::SelectOp::create(b.op, condition, yes, no); }

  /// Elements of the filter at one position.
  Value filterElements() { return b.mul(b.mul(b.param(Param::inBlocks), b.param(Param::outBlocks)), kLanes * kLanes); }

  void unit(Value block, Value firstTile) {
    Value inBlocks = b.param(Param::inBlocks);
    Value input = b.at(b.operand(0), b.mul(b.divide(firstTile, b.constant(group)), b.mul(inputStride(), n * n)));
    Value filter = b.at(b.operand(1), b.mul(b.mul(block, inBlocks), kLanes * kLanes));
    b.loop(b.constant(0), b.constant(n), 1, {input, filter}, [&](Value row, ValueRange pointers) {
      Values next = positions(pointers);
      alongLine(row);
      return next;
    });
    Value count = b.min(b.constant(group), b.sub(b.param(Param::tiles), firstTile));
    b.loop(b.constant(0), count, 1, [&](Value tile) { result(tile, locate(b.add(firstTile, tile)), block); });
  }

  /// Elements from one position of the input to the next.
  Value inputStride() { return winogradPositionStride(b, b.param(Param::inBlocks), group); }

  //===- Multiplication ---------------------------------------------------------------------------------------------===//

  /// The n positions of a row, from where `pointers` stand in input and filter; returns where the next row's begin.
  Values positions(ValueRange pointers) {
    Value inputStep = inputStride();
    Value filterStep = filterElements();
    return b.loop(b.constant(0), b.constant(n), 1, pointers, [&](Value position, ValueRange at) {
      Value to = b.at(line, b.mul(position, blocks * group * kLanes));
      product(at[0], at[1], to);
      return Values{b.at(at[0], inputStep), b.at(at[1], filterStep)};
    });
  }

  /// All tiles of the group, cut into register tiles.
  void product(Value input, Value filter, Value to) {
    int64_t columns = spec.schedule.columns, covered = group / columns * columns;
    auto from = [&](Value pointer, Value first) { return b.at(pointer, b.mul(first, kLanes)); };
    if (covered == columns)
      registerTile(input, filter, to, columns);
    else if (covered > 0)
      b.loop(b.constant(0), b.constant(covered), columns,
             [&](Value first) { registerTile(from(input, first), filter, from(to, first), columns); });
    for (int64_t tail : spec.schedule.tails) {
      if (tail > group - covered)
        continue;
      registerTile(b.at(input, covered * kLanes), filter, b.at(to, covered * kLanes), tail);
      covered += tail;
    }
  }

  /// Sums over all input channels for `columns` tiles and all output blocks.
  void registerTile(Value input, Value filter, Value to, int64_t columns) {
    Values carried = {input, filter};
    carried.append(blocks * columns, b.splat(0.0f));
    carried = b.loop(b.constant(0), b.param(Param::inBlocks), 1, carried, [&](Value, ValueRange inner) {
      Values values(inner);
      for (int64_t channel = 0; channel < kLanes; ++channel)
        step(channel, columns, values);
      values[0] = b.at(inner[0], group * kLanes);
      values[1] = b.at(inner[1], kLanes * kLanes);
      return values;
    });
    for (int64_t column = 0; column < columns; ++column)
      for (int64_t block = 0; block < blocks; ++block)
        b.store(carried[2 + column * blocks + block], to, (block * group + column) * kLanes);
  }

  /// One input channel of the block.
  void step(int64_t channel, int64_t columns, Values &values) {
    Value stride = b.mul(b.param(Param::inBlocks), kLanes * kLanes); // of output blocks
    Values weights;
    for (int64_t column = 0; column < columns; ++column) {
      Value x = b.splat(b.loadScalar(values[0], column * kLanes + channel));
      for (int64_t block = 0; block < blocks; ++block) {
        if (column == 0)
          weights.push_back(b.load(block ? b.at(values[1], b.mul(stride, block)) : values[1], channel * kLanes));
        Value &sum = values[2 + column * blocks + block];
        sum = b.fma(x, weights[block], sum);
      }
    }
  }

  //===- Transform back ---------------------------------------------------------------------------------------------===//

  /// `count` vectors, `stride` vectors apart.
  Values loadAll(Value from, int64_t count, int64_t stride) {
    Values values;
    for (int64_t i = 0; i < count; ++i)
      values.push_back(b.load(from, i * stride * kLanes));
    return values;
  }

  /// half[][row] = line A, for every block and tile.
  void alongLine(Value row) {
    b.loop(b.constant(0), b.constant(blocks * group), 1, [&](Value vector) {
      Values products = loadAll(b.at(line, b.mul(vector, kLanes)), n, blocks * group);
      Value to = b.at(half, b.mul(b.add(b.mul(vector, n), row), m * kLanes));
      for (auto [i, value] : llvm::enumerate(winogradBackward(b, m, products)))
        b.store(value, to, i * kLanes);
    });
  }

  ResultTile locate(Value tile) {
    Value columns = b.param(Param::tileColumns), ofImage = b.mul(b.param(Param::tileRows), columns);
    ResultTile place;
    Value inImage = b.modulo(tile, ofImage);
    place.image = b.divide(tile, ofImage);
    place.row = b.mul(b.divide(inImage, columns), m);
    place.column = b.mul(b.modulo(inImage, columns), m);
    place.rows = b.min(b.constant(m), b.sub(b.param(Param::outRows), place.row));
    place.columns = b.min(b.constant(m), b.sub(b.param(Param::outColumns), place.column));
    return place;
  }

  void result(Value tile, const ResultTile &place, Value firstBlock) {
    b.loop(b.constant(0), b.constant(blocks), 1, [&](Value inner) {
      Value block = b.add(firstBlock, inner);
      Value from = b.at(half, b.mul(b.add(b.mul(inner, group), tile), n * m * kLanes));
      b.loop(b.constant(0), place.columns, 1, [&](Value column) {
        Values sums = loadAll(b.at(from, b.mul(column, kLanes)), n, m);
        storeColumn(winogradBackward(b, m, sums), place, block, b.add(place.column, column));
      });
      b.when(b.equal(place.column, b.constant(0)), [&] { halo(place, block); });
    });
  }

  /// The tile's pixels of one column of the picture.
  void storeColumn(Values sums, const ResultTile &place, Value block, Value column) {
    auto positioned = [&](View view) {
      Value offset = b.add(b.mul(place.image, view.image), b.mul(block, view.block));
      view.pointer = b.at(view.pointer, b.add(b.add(offset, b.mul(place.row, view.row)), b.mul(column, kLanes)));
      return view;
    };
    View to = positioned(output);
    EpilogueSources sources = epilogue;
    for (View &add : sources.adds)
      add = positioned(add);
    Value channel = b.mul(block, kLanes);
    for (auto &[scale, shift] : sources.scaleShift) {
      scale = b.at(scale, channel);
      shift = b.at(shift, channel);
    }
    if (bias) {
      Value of = b.load(b.at(bias, channel));
      for (Value &sum : sums)
        sum = mlir::arith::AddFOp::create(b.op, sum, of);
    }
    auto full = [&] {
      for (int64_t row = 0; row < m; ++row)
        sums[row] = applyEpilogue(b, spec.epilogue, sources, sums[row], {.row = row});
      for (int64_t row = 0; row < m; ++row)
        b.store(sums[row], at(b, to, {.row = row}));
      return Values();
    };
    auto partial = [&] {
      for (int64_t row = 0; row < m; ++row)
        b.when(b.less(b.constant(row), place.rows),
               [&] { b.store(applyEpilogue(b, spec.epilogue, sources, sums[row], {.row = row}), at(b, to, {.row = row})); });
      return Values();
    };
    b.when(b.less(place.rows, b.constant(m)), partial, full);
  }

  void halo(const ResultTile &place, Value block) {
    Value offset = b.add(b.mul(place.image, output.image), b.mul(block, output.block));
    HaloTarget target{b.at(output.pointer, offset), output.row, b.param(Param::outRows), b.param(Param::outColumns),
                      b.param(Param::outHalo)};
    b.loop(place.row, b.add(place.row, place.rows), 1, [&](Value row) { writeHalo(b, target, row); });
  }

  Builder &b;
  const WinogradConvSpec &spec;
  int64_t m, n, group, blocks;
  Value line; // [n][blocks][group][16]
  Value half; // [blocks][group][n][m][16]
  Value bias;
  EpilogueSources epilogue; // at the origins
  View output;
};

} // namespace

void WinogradConvEmitter::loadOperands() {
  unsigned next = 2;
  if (spec.bias)
    bias = b.operand(next++);
  for (EpilogueOp operation : spec.epilogue) {
    if (operation == EpilogueOp::Add) {
      auto param = [&](unsigned which) { return b.param(winogradAddParam(epilogue.adds.size(), which)); };
      epilogue.adds.push_back({b.operand(next++), param(0), param(1), param(2), Value()});
    }
    if (operation == EpilogueOp::ScaleShift) {
      epilogue.scaleShift.push_back({b.operand(next), b.operand(next + 1)});
      next += 2;
    }
  }
  output = {b.operand(next), b.param(Param::outImage), b.param(Param::outBlock), b.param(Param::outRow), Value()};
}

void skip::kernel::emitWinogradConv(mlir::ModuleOp module, llvm::StringRef name, const WinogradConvSpec &spec) {
  Builder b(module, name);
  WinogradConvEmitter(b, spec).emit();
  b.finish();
}
