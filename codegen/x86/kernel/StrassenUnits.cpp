// An image's units are numbered by rows first, so that neighbours share their input.
#include "codegen/x86/kernel/StrassenUnits.h"

#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace skip::kernel;

StrassenUnits::StrassenUnits(Builder &b, const ConvSpec &spec, const ConvOperands &operands)
    : half(spec.strassen.chunkBlocks / 2), stages(spec.schedule.unitBlocks / (2 * spec.schedule.ocBlocks)), b(b), spec(spec),
      operands(operands) {
  tilesAcross = b.divide(operands.outColumns, b.constant(spec.schedule.columns));
  blockUnits = b.ceilDiv(b.param(ConvParam::outBlocks), spec.schedule.unitBlocks);
  rowUnits = b.ceilDiv(operands.outRows, spec.schedule.rows);
}

StrassenPlace StrassenUnits::place(Value index) {
  Value strip = b.divide(index, blockUnits), row = b.mul(b.modulo(strip, rowUnits), spec.schedule.rows);
  return {b.divide(strip, rowUnits), b.mul(b.modulo(index, blockUnits), spec.schedule.unitBlocks), row,
          b.min(b.constant(spec.schedule.rows), b.sub(operands.outRows, row))};
}

StrassenSource StrassenUnits::sourceOf(Value index, Value chunk) {
  StrassenPlace at = place(index);
  StrassenSource source = ofRoot(operands.roots[0], at, chunk);
  if (operands.roots.size() == 1)
    return source;
  Value ofFirst = chunksOf(operands.roots[0]), isFirst = b.less(chunk, ofFirst);
  return either(isFirst, source, ofRoot(operands.roots[1], at, b.sub(chunk, ofFirst)));
}

StrassenSource StrassenUnits::either(Value condition, StrassenSource yes, const StrassenSource &no) {
  using Source = StrassenSource;
  for (Value Source::*field : {&Source::input, &Source::row, &Source::half, &Source::block, &Source::pixel, &Source::weights,
                               &Source::weightBlock, &Source::factors, &Source::sizes})
    yes.*field = select(b, condition, yes.*field, no.*field);
  return yes;
}

StrassenSource StrassenUnits::ofRoot(const ConvRootOperands &root, const StrassenPlace &at, Value chunk) {
  const View &input = root.input;
  Value channel = b.mul(chunk, 2 * half), line = b.sub(b.mul(at.row, root.root.stride), root.padding);
  Value offset = b.add(b.mul(at.image, input.image), b.mul(channel, input.block));
  offset = b.add(offset, b.sub(b.mul(line, input.row), b.mul(root.padding, kLanes)));
  Value weights = b.add(b.mul(at.block, root.weightBlock), b.mul(channel, kLanes * kLanes));
  StrassenSource source;
  source.input = b.at(input.pointer, offset);
  source.row = b.mul(input.row, root.root.stride);
  source.half = b.mul(input.block, half);
  source.block = input.block;
  source.pixel = b.constant(root.root.stride * kLanes);
  source.weights = b.at(root.weights, weights);
  source.weightBlock = root.weightBlock;
  Value factors = b.at(root.weights, b.mul(b.param(ConvParam::outBlocks), root.weightBlock));
  source.factors = b.at(factors, b.mul(channel, kLanes));
  source.sizes = b.at(factors, b.mul(b.add(root.inBlocks, at.block), kLanes));
  source.tiles = b.mul(b.divide(at.rows, b.constant(2)), tilesAcross);
  return source;
}

Value StrassenUnits::after(Value index) { return b.min(b.add(index, b.constant(1)), b.sub(b.end(), b.constant(1))); }

Value StrassenUnits::pixelsAt(const StrassenSource &source, Value tile) {
  Value row = b.mul(b.divide(tile, tilesAcross), 2), column = b.mul(b.modulo(tile, tilesAcross), spec.schedule.columns);
  return b.at(source.input, b.add(b.mul(row, source.row), b.mul(column, source.pixel)));
}

Value StrassenUnits::weightsAt(const StrassenSource &source, Value stage) {
  return b.at(source.weights, b.mul(b.mul(stage, 2 * spec.schedule.ocBlocks), source.weightBlock));
}

Value StrassenUnits::sizesAt(const StrassenSource &source, Value stage) const {
  return b.at(source.sizes, b.mul(stage, 2 * spec.schedule.ocBlocks * kLanes));
}

Value StrassenUnits::ratio(Value sizes, int64_t from, int64_t to) const {
  Value inverse = b.at(sizes, b.mul(b.param(ConvParam::outBlocks), kLanes));
  return mlir::arith::MulFOp::create(b.op, b.load(sizes, from * kLanes), b.load(inverse, to * kLanes));
}

Values StrassenUnits::ratiosToLeft(Value sizes) const {
  Values ratios;
  for (int64_t block = 0, blocks = spec.schedule.ocBlocks; block < blocks; ++block)
    ratios.push_back(ratio(sizes, blocks + block, block));
  return ratios;
}

Value StrassenUnits::weightsOf(Value index, Value stage) {
  Value all = b.constant(spec.strassen.chunks * stages), inUnit = b.less(stage, all);
  Value position = select(b, inUnit, stage, b.modulo(stage, all));
  StrassenSource source = sourceOf(select(b, inUnit, index, after(index)), b.divide(position, b.constant(stages)));
  return weightsAt(source, b.modulo(position, b.constant(stages)));
}
