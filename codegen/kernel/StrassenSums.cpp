// A quad of vectors, one of each quarter, becomes four sums.
#include "codegen/kernel/StrassenSums.h"

#include "codegen/kernel/Vectors.h"
#include "codegen/kernel/WinogradTransform.h"

using namespace skip::kernel;

static int64_t roundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

StrassenSums::StrassenSums(Builder &b, const ConvSpec &spec, const StrassenUnits &units)
    : scratch(plan::strassenScratch(spec.schedule, spec.strassen)), copies(spec.strassen.strided), b(b),
      blocks(spec.schedule.ocBlocks), columns(spec.schedule.columns), half(units.half) {
  pixelsAhead = roundUp((columns + kStrassenFirstWithWeights - 1) / kStrassenFirstWithWeights, kStrassenParts);
  channelsAhead = kStrassenParts;
  int64_t products = (kStrassenProducts - kStrassenFirstWithWeights) * spec.strassen.tiles;
  while (channelsAhead < kLanes && products * channelsAhead < kLanes * blocks)
    channelsAhead *= 2;
  ring = scratchVectors(b, scratch.ringFloats() / kLanes);
  weightBuffers = scratchVectors(b, 2 * scratch.bufferFloats() / kLanes);
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
  b.loop(b.constant(0), b.constant(half), 1, {source.input, ring}, [&](Value, ValueRange block) {
    b.loop(b.constant(0), b.constant(columns), 1, block, [&](Value, ValueRange pixel) {
      sumPixels(source, pixel[0], pixel[1], b.mul(source.pixel, columns));
      return Values{b.at(pixel[0], source.pixel), b.at(pixel[1], kLanes)};
    });
    return Values{b.at(block[0], source.block), b.at(block[1], columns * kLanes)};
  });
}

void StrassenSums::sumPixels(const StrassenSource &source, Value from, Value to, Value fetched) {
  Value below = b.at(from, source.row), behind = b.at(from, source.half), across = b.at(below, source.half);
  auto store = [&](Value value, int64_t product) { b.store(value, to, pixelKind(product) * scratch.pixelFloats); };
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

Value StrassenSums::weightStep(Value step, Value blockFloats) {
  Value perBlock = b.constant(kLanes / channelsAhead);
  return b.add(b.mul(b.divide(step, perBlock), blockFloats), b.mul(b.modulo(step, perBlock), channelsAhead * kLanes));
}

void StrassenSums::makeWeights(Value from, Value weightBlock, Value step, Value to, Value fetched) {
  b.loop(step, b.constant(weightSteps()), 1, [&](Value each) {
    Values start = {b.at(from, weightStep(each, weightBlock)), b.at(to, weightStep(each, b.constant(half * kStrassenTile)))};
    b.loop(b.constant(0), b.constant(half), 1, start, [&](Value, ValueRange at) {
      for (int64_t channel = 0; channel < channelsAhead; ++channel)
        sumWeights(b.at(at[0], channel * kLanes), weightBlock, b.at(at[1], channel * kLanes), fetched);
      return Values{b.at(at[0], kStrassenTile), b.at(at[1], kStrassenTile)};
    });
  });
}

void StrassenSums::sumWeights(Value from, Value weightBlock, Value to, Value fetched) {
  Value right = b.at(from, b.mul(weightBlock, blocks));
  auto load = [&](bool isRight, bool isBelow) { return b.load(isRight ? right : from, isBelow ? half * kStrassenTile : 0); };
  Value t1 = minus(b, load(true, false), load(false, false));
  b.store(t1, to, 3 * scratch.weightFloats);
  Value t2 = minus(b, load(true, true), t1);
  b.store(t2, to);
  b.store(minus(b, load(false, true), t2), to, 2 * scratch.weightFloats);
  b.store(minus(b, load(true, true), load(true, false)), to, scratch.weightFloats);
  for (Value each : {from, right})
    for (int64_t below : {int64_t(0), half * kStrassenTile})
      b.prefetch(b.at(b.at(each, fetched), below));
}
