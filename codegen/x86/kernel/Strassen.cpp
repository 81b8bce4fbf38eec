// A 1x1 convolution is a product of matrices, pixels x input channels by input channels x output channels. Halving each of
// the three makes quarters, and Winograd's form of Strassen's algorithm takes seven products of quarters instead of eight:
//
//   S1 = A21 + A22   S2 = S1 - A11    S3 = A11 - A21   S4 = A12 - S2         of the input
//   T1 = B12 - B11   T2 = B22 - T1    T3 = B22 - B12   T4 = B21 - T2         of the weights
//
//   0: W = A11 B11             1: U = W + S2 T2          2: V = U + S3 T3      3: C21 = V + A22 T4
//   4: C11 = W + A12 B21       5: C22 = V + S1 T1        6: C12 = C22 - V + U + S4 B22
//
// Every product is accumulated onto a sum that is wanted anyway, so that of a register tile only W, U and V go through memory.
//
//   unit: `rows` rows x `unitBlocks` blocks of output channels
//     for each chunk of input channels:         A11, A12: its halves of one row; A21, A22: of the next
//       for each pair of `ocBlocks` blocks:     B11, B21: of the first; B12, B22: of the second
//         for each tile, `columns` pixels of two rows: seven products
//
// So that unlike channels do not drown each other, powers of two balance pairs (docs/decisions/balanced-channels.md):
//
//   S1 = A21 + r A22    S4 = A12 - S2 / r
//   T1 = e B12 - B11    T2 = e B22 / r - T1    T3 = e (B22 / r - B12)    T4 = B21 - r T2
//
// The sums S are made by the multiplying loops themselves, one tile ahead, and T one pair of blocks ahead (`Making`): an
// addition and a store cost about as much there as alone, but it is then that input and weights come from afar, behind
// multiplications. The S of a chunk's tiles lie in a ring with room for one more, the next chunk's first.
#include "codegen/x86/kernel/Strassen.h"

#include "codegen/x86/kernel/StrassenDirect.h"
#include "codegen/x86/kernel/StrassenSums.h"
#include "codegen/x86/kernel/Vectors.h"
#include "codegen/x86/kernel/WinogradTransform.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace skip::kernel;

namespace {

/// An operand of a product: its first channel's first pixel or output channel, and how far on the next block is, of input
/// channels or of output channels.
struct Operand {
  Value start, block;
};

/// What loops make beside their multiplications.
enum class Making { nothing, pixels, weights };

/// Where the sums of a later stage come from and go to, with the factors of their channels, and how far from there is what is
/// to be fetched for still later ones.
struct Ahead {
  Value pixels, pixelsTo, weights, weightsTo;
  Value pixelFactors, weightFactors;
  Value pixelsFetched, weightsFetched;
};

class StrassenEmitter {
public:
  StrassenEmitter(Builder &b, const ConvSpec &spec)
      : b(b), spec(spec), operands(loadOperands(b, spec)), blocks(spec.schedule.ocBlocks), columns(spec.schedule.columns),
        units(b, spec, operands), made(b, spec, units), held(scratchVectors(b, made.scratch.heldFloats / kLanes)) {
    if (spec.strassen.chunks > 1) {
      Value rowFloats = b.mul(operands.outColumns, kLanes);
      Value waiting = scratchVectors(b, made.scratch.partialFloats / kLanes);
      partial = {waiting, b.constant(0), b.mul(rowFloats, spec.schedule.rows), rowFloats, Value()};
    }
  }

  void emit() {
    branch(b, isUnlike(b, operands),
           [&](bool unlike) { unlike ? emitUnitsDirectly(b, spec, operands, units) : emitProducts(); });
  }

private:
  void emitProducts() {
    StrassenSource first = units.sourceOf(b.begin(), b.constant(0));
    made.fetchWeights(first);
    made.makePixels(first);
    Value fetched = distance(b, first.weights, units.weightsOf(b.begin(), b.constant(1)));
    made.makeWeights({first.weights, first.weightBlock, made.bufferAt(b.constant(0)), first.factors, first.sizes},
                     b.constant(0), fetched);
    b.loop(b.begin(), b.end(), 1, {b.constant(0), b.constant(0)}, [&](Value index, ValueRange state) {
      Values after = b.loop(b.constant(0), b.constant(spec.strassen.chunks), 1, state,
                            [&](Value chunk, ValueRange inner) { return multiplyChunk(index, chunk, inner[0], inner[1]); });
      StrassenPlace at = units.place(index);
      writeResultHalo(b, operands, at.image, at.block, b.constant(spec.schedule.unitBlocks), at.row, at.rows);
      return after;
    });
  }

  Value both(Value x, Value y) { return mlir::arith::AndIOp::create(b.op, x, y); }
  Value anyOf(Value x, Value y, Value z) { return mlir::arith::OrIOp::create(b.op, x, mlir::arith::OrIOp::create(b.op, y, z)); }
  Value isProduct(Value product, int64_t which) { return b.equal(product, b.constant(which)); }

  struct Tile {
    const StrassenSource &source;
    const StrassenPlace &unit;
    Value stage, index;              // the pair of blocks, and which of the unit's tiles
    Value sums, weights, weightSums; // S; B11 and T of the stage
    Value sizes;                     // of the stage's output channels
    Value begun, isLast;             // conditions: results of earlier chunks wait in `partial`; no chunk follows
  };

  /// What is to be made while a tile is multiplied.
  struct Task {
    StrassenSource next; // of the pixels
    Ahead ahead;
    Value weightBlock, sizes, makesPixels, makesWeights;
  };

  /// All stages of a chunk, which begins at `base` of the ring and has its first weights in a buffer; the same of the next.
  Values multiplyChunk(Value index, Value chunk, Value base, Value buffer) {
    StrassenSource here = units.sourceOf(index, chunk);
    Value isLast = b.equal(chunk, b.constant(spec.strassen.chunks - 1)), none = b.less(b.constant(0), b.constant(0));
    Value nextIndex = select(b, isLast, units.after(index), index);
    StrassenSource next = units.sourceOf(nextIndex, select(b, isLast, b.constant(0), b.add(chunk, b.constant(1))));
    auto pixelsOf = [&](Value tile) { // of this chunk and the next
      Value isHere = b.less(tile, here.tiles), inNext = b.min(b.sub(tile, here.tiles), b.sub(next.tiles, b.constant(1)));
      return select(b, isHere, units.pixelsAt(here, tile), units.pixelsAt(next, inNext));
    };
    // With one stage and chunk, the next unit of the same blocks has the same weights.
    Value keeps = none;
    if (units.stages == 1 && spec.strassen.chunks == 1)
      keeps = b.equal(b.modulo(nextIndex, units.blockUnits), b.modulo(index, units.blockUnits));
    StrassenPlace at = units.place(index);
    Values after = b.loop(b.constant(0), b.constant(units.stages), 1, {buffer}, [&](Value stage, ValueRange state) {
      Value isLastStage = b.equal(stage, b.constant(units.stages - 1)), following = b.add(stage, b.constant(1));
      Value weights = select(b, isLastStage, next.weights, units.weightsAt(here, following));
      Value weightBlock = select(b, isLastStage, next.weightBlock, here.weightBlock);
      Value factors = select(b, isLastStage, next.factors, here.factors);
      Value sizes = select(b, isLastStage, next.sizes, units.sizesAt(here, following));
      Value fetched =
          distance(b, weights, units.weightsOf(index, b.add(b.add(b.mul(chunk, units.stages), stage), b.constant(2))));
      Value target = select(b, keeps, state[0], b.sub(b.constant(1), state[0]));
      Value to = made.bufferAt(target);
      b.loop(b.constant(0), here.tiles, 1, [&](Value tile) {
        Tile these{here,
                   at,
                   stage,
                   tile,
                   made.ringAt(base, tile),
                   units.weightsAt(here, stage),
                   made.bufferAt(state[0]),
                   units.sizesAt(here, stage),
                   b.less(b.constant(0), chunk),
                   isLast};
        Value following = b.add(tile, b.constant(1)), pixels = pixelsOf(following), isHere = b.less(following, here.tiles);
        Value pixelsFetched = distance(b, pixels, pixelsOf(b.add(tile, b.constant(2))));
        StrassenSource source = units.either(isHere, here, next);
        Ahead ahead{pixels, made.ringAt(base, following), weights, to, source.factors, factors, pixelsFetched, fetched};
        Task task{source, ahead, weightBlock, sizes, b.equal(stage, b.constant(0)), b.equal(keeps, none)};
        products(these, task);
      });
      Value done = b.mul(here.tiles, kStrassenProducts - kStrassenFirstWithWeights);
      made.makeWeights({weights, weightBlock, to, factors, sizes}, select(b, keeps, b.constant(made.weightSteps()), done),
                       fetched);
      return Values{target};
    });
    return {made.moved(base, here.tiles), after[0]};
  }

  /// The four quarters of the result under a tile.
  void products(const Tile &tile, const Task &task) {
    b.loop(b.constant(0), b.constant(kStrassenProducts), 1, Values(blocks * columns, b.splat(0.0f)),
           [&](Value product, ValueRange sums) { return conclude(tile, product, multiply(tile, task, product, sums)); });
  }

  Operand leftOf(const Tile &tile, Value product) {
    Value ofSums = b.constant(columns * kLanes);
    if (made.copies)
      return {b.at(tile.sums, b.mul(product, made.scratch.pixelFloats)), ofSums};
    Value is0 = isProduct(product, 0), is3 = isProduct(product, 3), is4 = isProduct(product, 4);
    Value isInput = anyOf(is0, is3, is4);
    Value zero = b.constant(0), down = select(b, is3, tile.source.row, zero), behind = select(b, is0, zero, tile.source.half);
    Value kind = b.sub(product, select(b, b.less(product, b.constant(3)), b.constant(1), b.constant(3)));
    Value input = b.at(units.pixelsAt(tile.source, tile.index), b.add(down, behind));
    return {select(b, isInput, input, b.at(tile.sums, b.mul(kind, made.scratch.pixelFloats))),
            select(b, isInput, tile.source.block, ofSums)};
  }

  Operand rightOf(const Tile &tile, Value product) {
    Value is0 = isProduct(product, 0), is4 = isProduct(product, 4), is6 = isProduct(product, 6);
    Value isWeights = anyOf(is0, is4, is6);
    Value zero = b.constant(0), below = select(b, is0, zero, b.constant(units.half * kStrassenTile));
    Value right = select(b, is6, b.mul(tile.source.weightBlock, blocks), zero);
    Value kind = select(b, b.less(product, b.constant(4)), b.sub(product, b.constant(1)), b.constant(3));
    return {select(b, isWeights, b.at(tile.weights, b.add(below, right)),
                   b.at(tile.weightSums, b.mul(kind, made.scratch.weightFloats))),
            select(b, isWeights, tile.source.weightBlock, b.constant(units.half * kStrassenTile))};
  }

  /// One product's part of the task.
  Ahead part(const Tile &tile, const Task &task, Value product) {
    Value column = b.min(b.mul(product, made.pixelsAhead), b.constant(columns - made.pixelsAhead)),
          step = weightStepOf(tile, product);
    Value from = made.weightStep(step, task.weightBlock);
    return {b.at(task.ahead.pixels, b.mul(column, task.next.pixel)),
            b.at(task.ahead.pixelsTo, b.mul(column, kLanes)),
            b.at(task.ahead.weights, from),
            b.at(task.ahead.weightsTo, made.weightStep(step, b.constant(units.half * kStrassenTile))),
            task.ahead.pixelFactors,
            b.at(task.ahead.weightFactors, made.firstChannel(step)),
            task.ahead.pixelsFetched,
            b.sub(fetchedStep(b.add(step, b.constant(kStrassenProducts - kStrassenFirstWithWeights)), task), from)};
  }

  /// The place of a step of this stage's weights, or of the next's.
  Value fetchedStep(Value step, const Task &task) {
    Value steps = b.constant(made.weightSteps()), isHere = b.less(step, steps);
    Value inStage = made.weightStep(select(b, isHere, step, b.sub(step, steps)), task.weightBlock);
    return select(b, isHere, inStage, b.add(inStage, task.ahead.weightsFetched));
  }

  Value weightStepOf(const Tile &tile, Value product) {
    return b.add(b.mul(tile.index, kStrassenProducts - kStrassenFirstWithWeights),
                 b.sub(product, b.constant(kStrassenFirstWithWeights)));
  }

  Values multiply(const Tile &tile, const Task &task, Value product, ValueRange sums) {
    Operand left = leftOf(tile, product), right = rightOf(tile, product);
    Ahead ahead = part(tile, task, product);
    Value isEarly = b.less(product, b.constant(kStrassenFirstWithWeights));
    auto emit = [&](Making making) {
      return [&, making] {
        if (making == Making::weights)
          made.useSizes(task.sizes, weightStepOf(tile, product));
        return accumulate(left, right, ahead, task, making, sums);
      };
    };
    auto late = [&] {
      Value isLeft = b.less(weightStepOf(tile, product), b.constant(made.weightSteps()));
      return b.when(both(task.makesWeights, isLeft), emit(Making::weights), emit(Making::nothing));
    };
    Value makes = both(task.makesPixels, b.less(product, b.constant((columns + made.pixelsAhead - 1) / made.pixelsAhead)));
    return b.when(makes, emit(Making::pixels), [&] { return b.when(isEarly, emit(Making::nothing), late); });
  }

  /// sums + left x right.
  Values accumulate(const Operand &left, const Operand &right, const Ahead &ahead, const Task &task, Making making,
                    ValueRange sums) {
    Values carried = {left.start, right.start};
    if (making == Making::pixels)
      carried.append({ahead.pixels, ahead.pixelsTo, ahead.pixelFactors});
    if (making == Making::weights)
      carried.append({ahead.weights, ahead.weightsTo, ahead.weightFactors});
    size_t pointers = carried.size();
    carried.append(sums.begin(), sums.end());
    carried = b.loop(b.constant(0), b.constant(units.half), 1, carried, [&](Value, ValueRange at) {
      Values after = b.loop(b.constant(0), b.constant(kLanes), kStrassenUnrolled, at,
                            [&](Value, ValueRange inner) { return steps(inner, pointers, right.block, task, ahead, making); });
      after[0] = b.at(at[0], left.block);
      if (making == Making::pixels) {
        after[2] = b.at(at[2], task.next.block);
        after[3] = b.at(at[3], columns * kLanes);
      }
      if (making != Making::nothing)
        after[4] = b.at(at[4], kLanes);
      if (making == Making::weights) {
        after[2] = b.at(at[2], kStrassenTile);
        after[3] = b.at(at[3], kStrassenTile);
      }
      return after;
    });
    return Values(llvm::drop_begin(carried, pointers));
  }

  /// Some channels of a block; moves the pointers on.
  Values steps(ValueRange carried, size_t pointers, Value outBlock, const Task &task, const Ahead &ahead, Making making) {
    Values next(carried);
    auto sums = llvm::MutableArrayRef(next).drop_front(pointers);
    Values weights = {carried[1]};
    for (int64_t block = 1; block < blocks; ++block)
      weights.push_back(b.at(carried[1], b.mul(outBlock, block)));
    int64_t items = making == Making::pixels    ? made.pixelsAhead / kStrassenParts
                    : making == Making::weights ? made.channelsAhead / kStrassenParts
                                                : 0;
    for (int64_t channel = 0; channel < kStrassenUnrolled; ++channel) {
      loadedStep(b, channel, columns, carried[0], weights, sums);
      for (int64_t item = channel * items / kStrassenUnrolled; item < (channel + 1) * items / kStrassenUnrolled; ++item) {
        if (making == Making::pixels)
          made.sumPixels(task.next, b.at(carried[2], b.mul(task.next.pixel, item)), b.at(carried[3], item * kLanes), carried[4],
                         ahead.pixelsFetched);
        else
          made.sumWeights(b.at(carried[2], item * kLanes), task.weightBlock, b.at(carried[3], item * kLanes),
                          b.at(carried[4], item), ahead.weightsFetched);
        b.fence();
      }
    }
    next[0] = b.at(carried[0], kStrassenUnrolled);
    next[1] = b.at(carried[1], kStrassenUnrolled * kLanes);
    if (making != Making::nothing) {
      next[2] = b.at(carried[2], making == Making::pixels ? b.mul(task.next.pixel, items) : b.constant(items * kLanes));
      next[3] = b.at(carried[3], items * kLanes);
      if (making == Making::weights)
        next[4] = b.at(carried[4], items);
    }
    return next;
  }

  Value heldAt(int64_t which) { return b.at(held, which * blocks * columns * kLanes); }

  /// What the sums of each block of output channels are to be multiplied by: the right half comes out of product 5 with the
  /// sizes of the left one. A register each, where multiplying all sums beforehand would keep them twice.
  Values undoing(const Tile &tile, Value product) {
    return b.when(
        isProduct(product, 5), [&] { return units.ratiosToLeft(tile.sizes); }, [&] { return Values(blocks, b.splat(1.0f)); });
  }

  /// What becomes of the sums after a product; those to go on with.
  Values conclude(const Tile &tile, Value product, ValueRange sums) {
    auto hold = [&] {
      Value to = b.at(held, b.mul(product, blocks * columns * kLanes));
      for (auto [i, sum] : llvm::enumerate(sums))
        b.store(sum, to, int64_t(i) * kLanes);
      return Values(sums);
    };
    auto loaded = [&](Value from, size_t i) { return b.load(from, int64_t(i) * kLanes); };
    auto moveToC12 = [&](ValueRange factors) {
      Values next;
      for (auto [i, sum] : llvm::enumerate(sums))
        next.push_back(
            productPlus(b, plus(b, minus(b, sum, loaded(heldAt(2), i)), loaded(heldAt(1), i)), factors[i % blocks], {}));
      return next;
    };
    auto restart = [&] {
      Value from = select(b, isProduct(product, 3), heldAt(0), heldAt(2));
      Values next;
      for (size_t i = 0; i < sums.size(); ++i)
        next.push_back(loaded(from, i));
      return next;
    };
    auto quarter = [&] {
      Values factors = undoing(tile, product);
      finish(tile, b.modulo(product, b.constant(2)), b.divide(product, b.constant(5)), sums, factors);
      return b.when(isProduct(product, 5), [&] { return moveToC12(factors); }, restart);
    };
    return b.when(b.less(product, b.constant(3)), hold, quarter);
  }

  /// Adds what earlier chunks left to the sums times their block's factor, and stores the quarter `down`, `right`: the result
  /// if no chunk follows.
  void finish(const Tile &tile, Value down, Value right, ValueRange sums, ValueRange factors) {
    Value row = b.add(b.mul(b.divide(tile.index, units.tilesAcross), 2), down);
    Value block = b.add(b.mul(tile.stage, 2 * blocks), b.mul(right, blocks));
    Value column = b.mul(b.modulo(tile.index, units.tilesAcross), columns);
    ConvTile result{blocks, 1, columns, tile.unit.image, b.add(tile.unit.block, block), b.add(tile.unit.row, row), column};
    if (spec.strassen.chunks == 1)
      return storeResult(result, sums, factors, nullptr);
    View waiting = partial;
    waiting.pointer = tilePointer(b, partial, {blocks, 1, columns, b.constant(0), block, row, column});
    branch(b, tile.begun, [&](bool begun) {
      branch(b, tile.isLast, [&](bool isLast) {
        if (isLast)
          return storeResult(result, sums, factors, begun ? &waiting : nullptr);
        forEachPosition(sums, [&](Value sum, const TilePosition &p) {
          b.store(productPlus(b, sum, factors[p.block], begun ? b.load(at(b, waiting, p)) : Value()), at(b, waiting, p));
        });
      });
    });
  }

  void forEachPosition(ValueRange sums, llvm::function_ref<void(Value sum, const TilePosition &)> body) {
    for (int64_t block = 0; block < blocks; ++block)
      for (int64_t column = 0; column < columns; ++column) {
        body(sums[column * blocks + block], {block, 0, column});
        b.fence();
      }
  }

  void storeResult(const ConvTile &tile, ValueRange sums, ValueRange factors, const View *waiting) {
    EpilogueSources sources = tileSources(b, operands, tile);
    View output = operands.output;
    output.pointer = tilePointer(b, output, tile);
    Value bias = operands.bias ? b.at(operands.bias, b.mul(tile.block, kLanes)) : Value();
    forEachPosition(sums, [&](Value sum, const TilePosition &p) {
      Value ofChannel = bias ? b.load(bias, p.block * kLanes) : Value();
      sum = productPlus(b, sum, factors[p.block], waiting ? b.load(at(b, *waiting, p)) : ofChannel);
      if (waiting && bias)
        sum = plus(b, sum, ofChannel);
      b.store(applyEpilogue(b, spec.epilogue, sources, sum, p), at(b, output, p));
    });
  }

  Builder &b;
  const ConvSpec &spec;
  ConvOperands operands;
  int64_t blocks, columns;
  StrassenUnits units;
  StrassenSums made;
  Value held;   // [W, U, V][columns][blocks][16 oc]
  View partial; // [unitBlocks][rows][columns][16 oc]
};

} // namespace

void skip::kernel::emitStrassenConv(mlir::ModuleOp module, llvm::StringRef name, const ConvSpec &spec) {
  Builder b(module, name);
  b.keepOrder();
  StrassenEmitter(b, spec).emit();
  b.finish();
}
