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
// The sums S are made by the multiplying loops themselves, one tile ahead, and T one pair of blocks ahead (`Making`): an
// addition and a store cost about as much there as alone, but it is then that input and weights come from afar, behind
// multiplications. The S of a chunk's tiles lie in a ring with room for one more, the next chunk's first.
#include "codegen/kernel/Strassen.h"

#include "codegen/kernel/ConvOperands.h"
#include "codegen/kernel/Vectors.h"
#include "codegen/kernel/WinogradTransform.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace skip::kernel;

static constexpr int64_t kProducts = 7;
static constexpr int64_t kFirstWithWeights = 4;   // products before make sums of the input, the others of weights
static constexpr int64_t kUnrolled = 4;           // channels
static constexpr int64_t kParts = kLanes / kUnrolled;
static constexpr int64_t kTile = kLanes * kLanes; // weights of two blocks of channels

namespace {

/// What a unit's chunk of input channels is read from.
struct Source {
  Value input;                   // A11 of the unit's first pixel
  Value row, half, block, pixel; // from there to A21, to A12, to the next block of channels, to the next output pixel
  Value weights, weightBlock;    // B11 of the unit's first block, and how far on the next block is
  Value tiles;                   // of the unit
};

/// An operand of a product: its first channel's first pixel or output channel, and how far on the next block is, of input
/// channels or of output channels.
struct Operand {
  Value start, block;
};

/// What loops make beside their multiplications.
enum class Making { nothing, pixels, weights };

/// Where the sums of a later stage come from and go to, and how far from there is what is to be fetched for still later ones.
struct Ahead {
  Value pixels, pixelsTo, weights, weightsTo;
  Value pixelsFetched, weightsFetched;
};

class StrassenEmitter {
public:
  StrassenEmitter(Builder &b, const ConvSpec &spec)
      : b(b), spec(spec), operands(loadOperands(b, spec)), unit(spec.strassen), blocks(spec.schedule.ocBlocks),
        columns(spec.schedule.columns), half(unit.chunkBlocks / 2), stages(spec.schedule.unitBlocks / (2 * blocks)),
        copies(unit.strided), ringTiles(stages == 1 ? 2 : unit.tiles + 1), pixelFloats(half * columns * kLanes + kLanes),
        weightFloats(half * blocks * kTile + kLanes) {
    pixelsAhead = (columns + kFirstWithWeights - 1) / kFirstWithWeights;
    pixelsAhead = (pixelsAhead + kParts - 1) / kParts * kParts;
    channelsAhead = kParts;
    while (channelsAhead < kLanes && (kProducts - kFirstWithWeights) * unit.tiles * channelsAhead < kLanes * blocks)
      channelsAhead *= 2;
    ring = scratchVectors(b, ringTiles * pixelKinds() * pixelFloats / kLanes);
    weightBuffers = scratchVectors(b, 2 * 4 * weightFloats / kLanes);
    held = scratchVectors(b, 3 * blocks * columns);
    if (unit.chunks > 1) {
      Value rowFloats = b.mul(operands.outColumns, kLanes);
      Value waiting = scratchVectors(b, spec.schedule.unitBlocks * unit.tiles * 2 * columns);
      partial = {waiting, b.constant(0), b.mul(rowFloats, spec.schedule.rows), rowFloats, Value()};
    }
    tilesAcross = b.divide(operands.outColumns, b.constant(columns));
    blockUnits = b.ceilDiv(b.param(ConvParam::outBlocks), spec.schedule.unitBlocks);
    rowUnits = b.ceilDiv(operands.outRows, spec.schedule.rows);
  }

  void emit() {
    Source first = sourceOf(b.begin(), b.constant(0));
    fetchWeights(first);
    makePixels(first);
    Value fetched = distance(first.weights, weightsOf(b.begin(), b.constant(1)));
    makeWeights(first.weights, first.weightBlock, b.constant(0), weightBuffers, fetched);
    b.loop(b.begin(), b.end(), 1, {b.constant(0), b.constant(0)}, [&](Value index, ValueRange state) {
      Values after = b.loop(b.constant(0), b.constant(unit.chunks), 1, state,
                            [&](Value chunk, ValueRange inner) { return multiplyChunk(index, chunk, inner[0], inner[1]); });
      halo(place(index));
      return after;
    });
  }

private:
  struct Place {
    Value image, block, row, rows;
  };

  Value choose(Value condition, Value yes, Value no) { return mlir::arith::SelectOp::create(b.op, condition, yes, no); }
  Value both(Value x, Value y) { return mlir::arith::AndIOp::create(b.op, x, y); }
  Value chunksOf(const ConvRootOperands &root) { return b.divide(root.inBlocks, b.constant(2 * half)); }
  int64_t pixelKinds() const { return copies ? kProducts : 4; }
  Value isProduct(Value product, int64_t which) { return b.equal(product, b.constant(which)); }

  Place place(Value index) {
    Value strip = b.divide(index, blockUnits), row = b.mul(b.modulo(strip, rowUnits), spec.schedule.rows);
    return {b.divide(strip, rowUnits), b.mul(b.modulo(index, blockUnits), spec.schedule.unitBlocks), row,
            b.min(b.constant(spec.schedule.rows), b.sub(operands.outRows, row))};
  }

  /// Of a unit and chunk.
  Source sourceOf(Value index, Value chunk) {
    Place at = place(index);
    Source source = sourceOf(operands.roots[0], at, chunk);
    if (operands.roots.size() == 1)
      return source;
    Value ofFirst = chunksOf(operands.roots[0]), isFirst = b.less(chunk, ofFirst);
    return choose(isFirst, source, sourceOf(operands.roots[1], at, b.sub(chunk, ofFirst)));
  }

  Source choose(Value condition, Source yes, const Source &no) {
    for (Value Source::*field : {&Source::input, &Source::row, &Source::half, &Source::block, &Source::pixel, &Source::weights,
                                 &Source::weightBlock})
      yes.*field = choose(condition, yes.*field, no.*field);
    return yes;
  }

  Source sourceOf(const ConvRootOperands &root, const Place &at, Value chunk) {
    const View &input = root.input;
    Value channel = b.mul(chunk, 2 * half), line = b.sub(b.mul(at.row, root.root.stride), root.padding);
    Value offset = b.add(b.mul(at.image, input.image), b.mul(channel, input.block));
    offset = b.add(offset, b.sub(b.mul(line, input.row), b.mul(root.padding, kLanes)));
    Value weights = b.add(b.mul(at.block, root.weightBlock), b.mul(channel, kTile));
    Source source;
    source.input = b.at(input.pointer, offset);
    source.row = b.mul(input.row, root.root.stride);
    source.half = b.mul(input.block, half);
    source.block = input.block;
    source.pixel = b.constant(root.root.stride * kLanes);
    source.weights = b.at(root.weights, weights);
    source.weightBlock = root.weightBlock;
    source.tiles = b.mul(b.divide(at.rows, b.constant(2)), tilesAcross);
    return source;
  }

  /// Where a tile's pixels begin.
  Value pixelsAt(const Source &source, Value tile) {
    Value row = b.mul(b.divide(tile, tilesAcross), 2), column = b.mul(b.modulo(tile, tilesAcross), columns);
    return b.at(source.input, b.add(b.mul(row, source.row), b.mul(column, source.pixel)));
  }

  Value ringAt(Value base, Value tile) {
    return b.at(ring, b.mul(b.modulo(b.add(base, tile), b.constant(ringTiles)), pixelKinds() * pixelFloats));
  }

  Value weightsAt(const Source &source, Value stage) {
    return b.at(source.weights, b.mul(b.mul(stage, 2 * blocks), source.weightBlock));
  }

  /// Of the unit's stage that is so many behind the first of its first chunk, which may be the next unit's.
  Value weightsOf(Value index, Value stage) {
    Value all = b.constant(unit.chunks * stages), inUnit = b.less(stage, all);
    Value next = b.min(b.add(index, b.constant(1)), b.sub(b.end(), b.constant(1)));
    Value position = choose(inUnit, stage, b.modulo(stage, all));
    Source source = sourceOf(choose(inUnit, index, next), b.divide(position, b.constant(stages)));
    return weightsAt(source, b.modulo(position, b.constant(stages)));
  }

  struct Tile {
    const Source &source;
    const Place &unit;
    Value stage, index;
    Value sums, weights, weightSums; // S; B11 and T of the stage
    Value begun, isLast;             // conditions: results of earlier chunks wait in `partial`; no chunk follows
  };

  /// What is to be made while a tile is multiplied.
  struct Task {
    Source next; // of the pixels
    Ahead ahead;
    Value weightBlock, makesPixels, makesWeights;
  };

  /// All stages of a chunk, which begins at `base` of the ring and has its first weights in a buffer; the same of the next.
  Values multiplyChunk(Value index, Value chunk, Value base, Value buffer) {
    Source here = sourceOf(index, chunk);
    Value isLast = b.equal(chunk, b.constant(unit.chunks - 1)), none = b.less(b.constant(0), b.constant(0));
    Value nextIndex = choose(isLast, b.min(b.add(index, b.constant(1)), b.sub(b.end(), b.constant(1))), index);
    Source next = sourceOf(nextIndex, choose(isLast, b.constant(0), b.add(chunk, b.constant(1))));
    auto pixelsOf = [&](Value tile) { // of this chunk and the next
      Value isHere = b.less(tile, here.tiles), inNext = b.min(b.sub(tile, here.tiles), b.sub(next.tiles, b.constant(1)));
      return choose(isHere, pixelsAt(here, tile), pixelsAt(next, inNext));
    };
    // With one stage and chunk, the next unit of the same blocks has the same weights.
    Value keeps = none;
    if (stages == 1 && unit.chunks == 1)
      keeps = b.equal(b.modulo(nextIndex, blockUnits), b.modulo(index, blockUnits));
    Place at = place(index);
    Values after = b.loop(b.constant(0), b.constant(stages), 1, {buffer}, [&](Value stage, ValueRange state) {
      Value isLastStage = b.equal(stage, b.constant(stages - 1)), following = b.add(stage, b.constant(1));
      Value weights = choose(isLastStage, next.weights, weightsAt(here, following));
      Value weightBlock = choose(isLastStage, next.weightBlock, here.weightBlock);
      Value fetched = distance(weights, weightsOf(index, b.add(b.add(b.mul(chunk, stages), stage), b.constant(2))));
      Value target = choose(keeps, state[0], b.sub(b.constant(1), state[0]));
      Value to = bufferAt(target);
      b.loop(b.constant(0), here.tiles, 1, [&](Value tile) {
        Tile these{here,
                   at,
                   stage,
                   tile,
                   ringAt(base, tile),
                   weightsAt(here, stage),
                   bufferAt(state[0]),
                   b.less(b.constant(0), chunk),
                   isLast};
        Value following = b.add(tile, b.constant(1)), pixels = pixelsOf(following), isHere = b.less(following, here.tiles);
        Value pixelsFetched = distance(pixels, pixelsOf(b.add(tile, b.constant(2))));
        Ahead ahead{pixels, ringAt(base, following), weights, to, pixelsFetched, fetched};
        Source source = choose(isHere, here, next);
        Task task{source, ahead, weightBlock, b.equal(stage, b.constant(0)), b.equal(keeps, none)};
        products(these, task);
      });
      Value made = b.mul(here.tiles, kProducts - kFirstWithWeights);
      makeWeights(weights, weightBlock, choose(keeps, b.constant(weightSteps()), made), to, fetched);
      return Values{target};
    });
    return {b.modulo(b.add(base, here.tiles), b.constant(ringTiles)), after[0]};
  }

  Value bufferAt(Value which) { return b.at(weightBuffers, b.mul(which, 4 * weightFloats)); }

  /// From one address to another, in elements.
  Value distance(Value from, Value to) {
    auto number = [&](Value pointer) { return mlir::LLVM::PtrToIntOp::create(b.op, b.op.getI64Type(), pointer); };
    return mlir::arith::ShRSIOp::create(b.op, b.sub(number(to), number(from)), b.constant(2));
  }

  /// Asks for the first stage's weights.
  void fetchWeights(const Source &source) {
    b.loop(b.constant(0), b.constant(2 * blocks), 1, [&](Value block) {
      Value from = b.at(source.weights, b.mul(block, source.weightBlock));
      b.loop(b.constant(0), b.constant(2 * half * kTile), kLanes, [&](Value line) { b.prefetch(b.at(from, line)); });
    });
  }

  /// Sums of the first tile.
  void makePixels(const Source &source) {
    b.loop(b.constant(0), b.constant(half), 1, {source.input, ring}, [&](Value, ValueRange block) {
      b.loop(b.constant(0), b.constant(columns), 1, block, [&](Value, ValueRange pixel) {
        sumPixels(source, pixel[0], pixel[1], b.mul(source.pixel, columns));
        return Values{b.at(pixel[0], source.pixel), b.at(pixel[1], kLanes)};
      });
      return Values{b.at(block[0], source.block), b.at(block[1], columns * kLanes)};
    });
  }

  /// Of 16 channels of a pixel. In the order of products; between them, if they are copied, A11, A22 and A12.
  void sumPixels(const Source &source, Value from, Value to, Value fetched) {
    Value below = b.at(from, source.row), behind = b.at(from, source.half), across = b.at(below, source.half);
    auto store = [&](Value value, int64_t product) { b.store(value, to, pixelKind(product) * pixelFloats); };
    Value s1 = plus(b, b.load(below), b.load(across));
    store(s1, 5);
    Value s2 = minus(b, s1, b.load(from));
    store(s2, 1);
    store(minus(b, b.load(behind), s2), 6);
    store(minus(b, b.load(from), b.load(below)), 2);
    for (Value each : {from, below, behind, across})
      b.prefetch(b.at(each, fetched));
    if (!copies)
      return;
    store(b.load(from), 0);
    store(b.load(across), 3);
    store(b.load(behind), 4);
  }

  int64_t pixelKind(int64_t product) const { return copies ? product : product < 3 ? product - 1 : product - 3; }

  /// Steps of `channelsAhead` channels, the output blocks one after the other.
  int64_t weightSteps() const { return blocks * kLanes / channelsAhead; }

  Value weightStep(Value step, Value blockFloats) {
    Value perBlock = b.constant(kLanes / channelsAhead);
    return b.add(b.mul(b.divide(step, perBlock), blockFloats), b.mul(b.modulo(step, perBlock), channelsAhead * kLanes));
  }

  /// The sums' steps from `step` on.
  void makeWeights(Value from, Value weightBlock, Value step, Value to, Value fetched) {
    b.loop(step, b.constant(weightSteps()), 1, [&](Value each) {
      Values start = {b.at(from, weightStep(each, weightBlock)), b.at(to, weightStep(each, b.constant(half * kTile)))};
      b.loop(b.constant(0), b.constant(half), 1, start, [&](Value, ValueRange at) {
        for (int64_t channel = 0; channel < channelsAhead; ++channel)
          sumWeights(b.at(at[0], channel * kLanes), weightBlock, b.at(at[1], channel * kLanes), fetched);
        return Values{b.at(at[0], kTile), b.at(at[1], kTile)};
      });
    });
  }

  /// T2, T3, T4, T1 of an input channel and 16 output channels.
  void sumWeights(Value from, Value weightBlock, Value to, Value fetched) {
    Value right = b.at(from, b.mul(weightBlock, blocks));
    auto load = [&](bool isRight, bool isBelow) { return b.load(isRight ? right : from, isBelow ? half * kTile : 0); };
    Value t1 = minus(b, load(true, false), load(false, false));
    b.store(t1, to, 3 * weightFloats);
    Value t2 = minus(b, load(true, true), t1);
    b.store(t2, to);
    b.store(minus(b, load(false, true), t2), to, 2 * weightFloats);
    b.store(minus(b, load(true, true), load(true, false)), to, weightFloats);
    for (Value each : {from, right})
      for (int64_t below : {int64_t(0), half * kTile})
        b.prefetch(b.at(b.at(each, fetched), below));
  }

  /// The four quarters of the result under a tile.
  void products(const Tile &tile, const Task &task) {
    b.loop(b.constant(0), b.constant(kProducts), 1, Values(blocks * columns, b.splat(0.0f)),
           [&](Value product, ValueRange sums) {
             return conclude(tile, product, multiply(tile, task, product, sums));
           });
  }

  Operand leftOf(const Tile &tile, Value product) {
    Value ofSums = b.constant(columns * kLanes);
    if (copies)
      return {b.at(tile.sums, b.mul(product, pixelFloats)), ofSums};
    Value is0 = isProduct(product, 0), is3 = isProduct(product, 3), is4 = isProduct(product, 4);
    Value isInput = mlir::arith::OrIOp::create(b.op, is0, mlir::arith::OrIOp::create(b.op, is3, is4));
    Value zero = b.constant(0), down = choose(is3, tile.source.row, zero), behind = choose(is0, zero, tile.source.half);
    Value kind = b.sub(product, choose(b.less(product, b.constant(3)), b.constant(1), b.constant(3)));
    Value input = b.at(pixelsAt(tile.source, tile.index), b.add(down, behind));
    return {choose(isInput, input, b.at(tile.sums, b.mul(kind, pixelFloats))), choose(isInput, tile.source.block, ofSums)};
  }

  Operand rightOf(const Tile &tile, Value product) {
    Value is0 = isProduct(product, 0), is4 = isProduct(product, 4), is6 = isProduct(product, 6);
    Value isWeights = mlir::arith::OrIOp::create(b.op, is0, mlir::arith::OrIOp::create(b.op, is4, is6));
    Value zero = b.constant(0), below = choose(is0, zero, b.constant(half * kTile));
    Value right = choose(is6, b.mul(tile.source.weightBlock, blocks), zero);
    Value kind = choose(b.less(product, b.constant(4)), b.sub(product, b.constant(1)), b.constant(3));
    return {choose(isWeights, b.at(tile.weights, b.add(below, right)), b.at(tile.weightSums, b.mul(kind, weightFloats))),
            choose(isWeights, tile.source.weightBlock, b.constant(half * kTile))};
  }

  /// One product's part of the task.
  Ahead part(const Tile &tile, const Task &task, Value product) {
    Value column = b.min(b.mul(product, pixelsAhead), b.constant(columns - pixelsAhead)), step = weightStepOf(tile, product);
    Value from = weightStep(step, task.weightBlock);
    return {b.at(task.ahead.pixels, b.mul(column, task.next.pixel)),
            b.at(task.ahead.pixelsTo, b.mul(column, kLanes)),
            b.at(task.ahead.weights, from),
            b.at(task.ahead.weightsTo, weightStep(step, b.constant(half * kTile))),
            task.ahead.pixelsFetched,
            b.sub(fetchedStep(b.add(step, b.constant(kProducts - kFirstWithWeights)), task), from)};
  }

  /// The place of a step of this stage's weights, or of the next's.
  Value fetchedStep(Value step, const Task &task) {
    Value steps = b.constant(weightSteps()), isHere = b.less(step, steps);
    Value inStage = weightStep(choose(isHere, step, b.sub(step, steps)), task.weightBlock);
    return choose(isHere, inStage, b.add(inStage, task.ahead.weightsFetched));
  }

  Value weightStepOf(const Tile &tile, Value product) {
    return b.add(b.mul(tile.index, kProducts - kFirstWithWeights), b.sub(product, b.constant(kFirstWithWeights)));
  }

  Values multiply(const Tile &tile, const Task &task, Value product, ValueRange sums) {
    Operand left = leftOf(tile, product), right = rightOf(tile, product);
    Ahead ahead = part(tile, task, product);
    Value isEarly = b.less(product, b.constant(kFirstWithWeights));
    auto emit = [&](Making making) { return [&, making] { return accumulate(left, right, ahead, task, making, sums); }; };
    auto late = [&] {
      Value isLeft = b.less(weightStepOf(tile, product), b.constant(weightSteps()));
      return b.when(both(task.makesWeights, isLeft), emit(Making::weights), emit(Making::nothing));
    };
    Value makes = both(task.makesPixels, b.less(product, b.constant((columns + pixelsAhead - 1) / pixelsAhead)));
    return b.when(makes, emit(Making::pixels),
                  [&] { return b.when(isEarly, emit(Making::nothing), late); });
  }

  /// sums + left x right.
  Values accumulate(const Operand &left, const Operand &right, const Ahead &ahead, const Task &task, Making making,
                    ValueRange sums) {
    Values carried = {left.start, right.start};
    if (making == Making::pixels)
      carried.append({ahead.pixels, ahead.pixelsTo});
    if (making == Making::weights)
      carried.append({ahead.weights, ahead.weightsTo});
    size_t pointers = carried.size();
    carried.append(sums.begin(), sums.end());
    carried = b.loop(b.constant(0), b.constant(half), 1, carried, [&](Value, ValueRange at) {
      Values after = b.loop(b.constant(0), b.constant(kLanes), kUnrolled, at, [&](Value, ValueRange inner) {
        return steps(inner, pointers, right.block, task, ahead, making);
      });
      after[0] = b.at(at[0], left.block);
      if (making == Making::pixels) {
        after[2] = b.at(at[2], task.next.block);
        after[3] = b.at(at[3], columns * kLanes);
      }
      if (making == Making::weights) {
        after[2] = b.at(at[2], kTile);
        after[3] = b.at(at[3], kTile);
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
    int64_t items = making == Making::pixels ? pixelsAhead / kParts : making == Making::weights ? channelsAhead / kParts : 0;
    for (int64_t channel = 0; channel < kUnrolled; ++channel) {
      step(channel, carried[0], weights, sums);
      for (int64_t item = channel * items / kUnrolled; item < (channel + 1) * items / kUnrolled; ++item) {
        if (making == Making::pixels)
          sumPixels(task.next, b.at(carried[2], b.mul(task.next.pixel, item)), b.at(carried[3], item * kLanes),
                    ahead.pixelsFetched);
        else
          sumWeights(b.at(carried[2], item * kLanes), task.weightBlock, b.at(carried[3], item * kLanes), ahead.weightsFetched);
        b.fence();
      }
    }
    next[0] = b.at(carried[0], kUnrolled);
    next[1] = b.at(carried[1], kUnrolled * kLanes);
    if (making != Making::nothing) {
      next[2] = b.at(carried[2], making == Making::pixels ? b.mul(task.next.pixel, items) : b.constant(items * kLanes));
      next[3] = b.at(carried[3], items * kLanes);
    }
    return next;
  }

  void step(int64_t channel, Value pixels, ValueRange weights, llvm::MutableArrayRef<Value> sums) {
    Values loaded;
    for (Value pointer : weights)
      loaded.push_back(b.load(pointer, channel * kLanes));
    for (int64_t column = 0; column < columns; ++column) {
      Value x = b.splat(b.loadScalar(pixels, column * kLanes + channel));
      for (int64_t block = 0; block < blocks; ++block) {
        Value &sum = sums[column * blocks + block];
        sum = b.fma(x, loaded[block], sum);
      }
    }
    b.fence();
  }

  Value heldAt(int64_t which) { return b.at(held, which * blocks * columns * kLanes); }

  /// What becomes of the sums after a product; those to go on with.
  Values conclude(const Tile &tile, Value product, ValueRange sums) {
    auto hold = [&] {
      Value to = b.at(held, b.mul(product, blocks * columns * kLanes));
      for (auto [i, sum] : llvm::enumerate(sums))
        b.store(sum, to, int64_t(i) * kLanes);
      return Values(sums);
    };
    auto loaded = [&](Value from, size_t i) { return b.load(from, int64_t(i) * kLanes); };
    auto moveToC12 = [&] {
      Values next;
      for (auto [i, sum] : llvm::enumerate(sums))
        next.push_back(plus(b, minus(b, sum, loaded(heldAt(2), i)), loaded(heldAt(1), i)));
      return next;
    };
    auto restart = [&] {
      Value from = choose(isProduct(product, 3), heldAt(0), heldAt(2));
      Values next;
      for (size_t i = 0; i < sums.size(); ++i)
        next.push_back(loaded(from, i));
      return next;
    };
    auto quarter = [&] {
      finish(tile, b.modulo(product, b.constant(2)), b.divide(product, b.constant(5)), sums);
      return b.when(isProduct(product, 5), moveToC12, restart);
    };
    return b.when(b.less(product, b.constant(3)), hold, quarter);
  }

  /// Adds what earlier chunks left, and stores the quarter `down`, `right`: the result if no chunk follows.
  void finish(const Tile &tile, Value down, Value right, ValueRange sums) {
    Value row = b.add(b.mul(b.divide(tile.index, tilesAcross), 2), down);
    Value block = b.add(b.mul(tile.stage, 2 * blocks), b.mul(right, blocks));
    Value column = b.mul(b.modulo(tile.index, tilesAcross), columns);
    ConvTile result{blocks, 1, columns, tile.unit.image, b.add(tile.unit.block, block), b.add(tile.unit.row, row), column};
    if (unit.chunks == 1)
      return storeResult(result, sums, nullptr);
    View waiting = partial;
    waiting.pointer = tilePointer(b, partial, {blocks, 1, columns, b.constant(0), block, row, column});
    branch(b, tile.begun, [&](bool begun) {
      branch(b, tile.isLast, [&](bool isLast) {
        if (isLast)
          return storeResult(result, sums, begun ? &waiting : nullptr);
        forEachPosition(sums, [&](Value sum, const TilePosition &p) {
          b.store(begun ? plus(b, sum, b.load(at(b, waiting, p))) : sum, at(b, waiting, p));
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

  void storeResult(const ConvTile &tile, ValueRange sums, const View *waiting) {
    EpilogueSources sources = tileSources(b, operands.epilogue, tile);
    View output = operands.output;
    output.pointer = tilePointer(b, output, tile);
    Value bias = operands.bias ? b.at(operands.bias, b.mul(tile.block, kLanes)) : Value();
    forEachPosition(sums, [&](Value sum, const TilePosition &p) {
      if (waiting)
        sum = plus(b, sum, b.load(at(b, *waiting, p)));
      if (bias)
        sum = plus(b, sum, b.load(bias, p.block * kLanes));
      b.store(applyEpilogue(b, spec.epilogue, sources, sum, p), at(b, output, p));
    });
  }

  void halo(const Place &at) {
    b.loop(b.constant(0), b.constant(spec.schedule.unitBlocks), 1, [&](Value inUnit) {
      const View &output = operands.output;
      Value offset = b.add(b.mul(at.image, output.image), b.mul(b.add(at.block, inUnit), output.block));
      HaloTarget target{b.at(output.pointer, offset), output.row, operands.outRows, operands.outColumns, operands.outHalo};
      b.loop(at.row, b.add(at.row, at.rows), 1, [&](Value each) { writeHalo(b, target, each); });
    });
  }

  Builder &b;
  const ConvSpec &spec;
  ConvOperands operands;
  const skip::plan::StrassenUnit unit;
  int64_t blocks, columns, half, stages;
  bool copies; // the input's quarters too, to make their pixels neighbours
  int64_t ringTiles;
  int64_t pixelFloats, weightFloats; // of one operand; an odd number of vectors, to spread over the cache
  int64_t pixelsAhead, channelsAhead; // whose sums one product makes, of each block of input channels; even
  Value ring;                         // [ringTiles][kinds][half][columns][16 ic]
  Value weightBuffers;                // [2][T2, T3, T4, T1][blocks][half][16 ic][16 oc]
  Value held;                         // [W, U, V][columns][blocks][16 oc]
  View partial;                       // [unitBlocks][rows][columns][16 oc]
  Value tilesAcross, blockUnits, rowUnits;
};

} // namespace

void skip::kernel::emitStrassenConv(mlir::ModuleOp module, llvm::StringRef name, const ConvSpec &spec) {
  Builder b(module, name);
  b.keepOrder();
  StrassenEmitter(b, spec).emit();
  b.finish();
}
