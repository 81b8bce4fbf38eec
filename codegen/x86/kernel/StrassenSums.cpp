// A quad of vectors, one of each quarter, becomes four sums.
#include "codegen/x86/kernel/StrassenSums.h"

#include "codegen/x86/kernel/Vectors.h"
#include "codegen/x86/kernel/WinogradTransform.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace skip::kernel;

static int64_t roundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

StrassenSums::StrassenSums(Builder &b, const ConvSpec &spec, const StrassenUnits &units)
    : scratch(plan::strassenScratch(spec.schedule, spec.strassen)), copies(spec.strassen.strided), b(b), units(units),
      blocks(spec.schedule.ocBlocks), columns(spec.schedule.columns), half(units.half) {
  pixelsAhead = roundUp((columns + kStrassenFirstWithWeights - 1) / kStrassenFirstWithWeights, kStrassenParts);
  channelsAhead = kStrassenParts;
  int64_t products = (kStrassenProducts - kStrassenFirstWithWeights) * spec.strassen.tiles;
  while (channelsAhead < kLanes && products * channelsAhead < kLanes * blocks)
    channelsAhead *= 2;
  ring = scratchVectors(b, scratch.ringFloats() / kLanes);
  weightBuffers = scratchVectors(b, 2 * scratch.bufferFloats() / kLanes);
  factor = scratchVectors(b, scratch.factorFloats() / kLanes);
}

Value StrassenSums::ringAt(Value base, Value tile) {
  return b.at(ring, b.mul(moved(base, tile), scratch.kinds * scratch.pixelFloats));
}

void StrassenSums::fetchWeights(const StrassenSource &source) {
  b.loop(b.constant(0), b.constant(2 * blocks), 1, [&](Value block) {
    Value from = b.at(source.weights, b.mul(block, source.weightBlock));
    b.loop(b.constant(0), b.constant(2 * half * kStrassenTile), kLanes, [&](Value line) { b.prefetch(b.at(from, line)); });
  });
}

void StrassenSums::makePixels(const StrassenSource &source) {
  b.loop(b.constant(0), b.constant(half), 1, {source.input, ring, source.factors}, [&](Value, ValueRange block) {
    b.loop(b.constant(0), b.constant(columns), 1, block.take_front(2), [&](Value, ValueRange pixel) {
      sumPixels(source, pixel[0], pixel[1], block[2], b.mul(source.pixel, columns));
      return Values{b.at(pixel[0], source.pixel), b.at(pixel[1], kLanes)};
    });
    return Values{b.at(block[0], source.block), b.at(block[1], columns * kLanes), b.at(block[2], kLanes)};
  });
}

/// from - x y
static Value multiplySubtract(Builder &b, Value x, Value y, Value from) {
  return b.fma(mlir::arith::NegFOp::create(b.op, x), y, from);
}

void StrassenSums::sumPixels(const StrassenSource &source, Value from, Value to, Value factors, Value fetched) {
  Value below = b.at(from, source.row), behind = b.at(from, source.half), across = b.at(below, source.half);
  auto store = [&](Value value, int64_t product) { b.store(value, to, pixelKind(product) * scratch.pixelFloats); };
  Value s1 = b.fma(b.load(across), b.load(factors, half * kLanes), b.load(below));
  store(s1, 5);
  Value s2 = minus(b, s1, b.load(from));
  store(s2, 1);
  store(multiplySubtract(b, s2, b.load(factors), b.load(behind)), 6);
  store(minus(b, b.load(from), b.load(below)), 2);
  for (Value each : {from, below, behind, across})
    b.prefetch(b.at(each, fetched));
  if (!copies)
    return;
  store(b.load(from), 0);
  store(b.load(across), 3);
  store(b.load(behind), 4);
}

Value StrassenSums::weightStep(Value step, Value blockFloats) {
  return b.add(b.mul(b.divide(step, stepsPerBlock()), blockFloats), b.mul(firstChannel(step), kLanes));
}

void StrassenSums::useSizes(Value sizes, Value step) {
  Value ofBlock = b.at(sizes, b.mul(b.divide(step, stepsPerBlock()), kLanes));
  b.store(units.ratio(ofBlock, 0, blocks), factor);
}

void StrassenSums::makeWeights(const StrassenWeights &weights, Value step, Value fetched) {
  b.loop(step, b.constant(weightSteps()), 1, [&](Value each) {
    useSizes(weights.sizes, each);
    Values start = {b.at(weights.from, weightStep(each, weights.block)),
                    b.at(weights.to, weightStep(each, b.constant(half * kStrassenTile))),
                    b.at(weights.factors, firstChannel(each))};
    b.loop(b.constant(0), b.constant(half), 1, start, [&](Value, ValueRange at) {
      for (int64_t channel = 0; channel < channelsAhead; ++channel)
        sumWeights(b.at(at[0], channel * kLanes), weights.block, b.at(at[1], channel * kLanes), b.at(at[2], channel), fetched);
      return Values{b.at(at[0], kStrassenTile), b.at(at[1], kStrassenTile), b.at(at[2], kLanes)};
    });
  });
}

void StrassenSums::sumWeights(Value from, Value weightBlock, Value to, Value factorAt, Value fetched) {
  Value right = b.at(from, b.mul(weightBlock, blocks));
  auto load = [&](bool isRight, bool isBelow) { return b.load(isRight ? right : from, isBelow ? half * kStrassenTile : 0); };
  Value t1 = b.fma(load(true, false), b.load(factor), mlir::arith::NegFOp::create(b.op, load(false, false)));
  b.store(t1, to, 3 * scratch.weightFloats);
  Value b22 = mlir::arith::MulFOp::create(b.op, load(true, true), b.splat(b.loadScalar(factorAt)));
  Value t2 = b.fma(b22, b.load(factor), mlir::arith::NegFOp::create(b.op, t1));
  b.store(t2, to);
  b.store(multiplySubtract(b, t2, b.splat(b.loadScalar(factorAt, half * kLanes)), load(false, true)), to,
          2 * scratch.weightFloats);
  b.store(mlir::arith::MulFOp::create(b.op, minus(b, b22, load(true, false)), b.load(factor)), to, scratch.weightFloats);
  for (Value each : {from, right})
    for (int64_t below : {int64_t(0), half * kStrassenTile})
      b.prefetch(b.at(b.at(each, fetched), below));
}
