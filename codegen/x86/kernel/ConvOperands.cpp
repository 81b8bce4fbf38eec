// Operand and parameter numbering of Conv.h, read in one place.
#include "codegen/x86/kernel/ConvOperands.h"

#include "codegen/x86/kernel/Vectors.h"

using namespace skip::kernel;

/// A pixel stride is a parameter only where columns are images.
static Value pixelStride(Builder &b, const ConvSpec &spec, unsigned param) {
  return spec.imagesAreColumns ? b.param(param) : Value();
}

static ConvRootOperands loadRoot(Builder &b, const ConvSpec &spec, unsigned index) {
  auto param = [&](unsigned which) { return b.param(convRootParam(index, which)); };
  ConvRootOperands operands;
  const ConvRoot &root = operands.root = spec.roots[index];
  operands.input = {b.operand(2 * index), param(ConvRootParam::inImage), param(ConvRootParam::inBlock),
                    param(ConvRootParam::inRow), pixelStride(b, spec, convRootParam(index, ConvRootParam::inPixel))};
  operands.weights = b.operand(2 * index + 1);
  operands.inBlocks = param(ConvRootParam::inBlocks);
  operands.padding = param(ConvRootParam::padding);
  int64_t channels = root.planarInput ? 1 : kLanes;
  operands.weightBlock = b.mul(operands.inBlocks, channels * root.kernelHeight * root.kernelWidth * kLanes);
  return operands;
}

static View loadAdd(Builder &b, const ConvSpec &spec, unsigned add, Value pointer) {
  auto index = [&](unsigned which) { return convAddParam(spec.roots.size(), add, which); };
  return {pointer, b.param(index(AddParam::image)), b.param(index(AddParam::block)), b.param(index(AddParam::row)),
          pixelStride(b, spec, index(AddParam::pixel))};
}

ConvOperands skip::kernel::loadOperands(Builder &b, const ConvSpec &spec) {
  ConvOperands operands;
  for (unsigned i = 0; i < spec.roots.size(); ++i)
    operands.roots.push_back(loadRoot(b, spec, i));
  unsigned next = 2 * spec.roots.size();
  if (spec.bias)
    operands.bias = b.operand(next++);
  operands.epilogue =
      loadSources(b, spec.epilogue, next, [&](Value pointer, unsigned which) { return loadAdd(b, spec, which, pointer); });
  operands.output = {b.operand(next), b.param(ConvParam::outImage), b.param(ConvParam::outBlock), b.param(ConvParam::outRow),
                     pixelStride(b, spec, ConvParam::outPixel)};
  operands.lastLanes = spec.lastLanes;
  operands.outBlocks = b.param(ConvParam::outBlocks);
  operands.outRows = b.param(ConvParam::outRows);
  operands.outColumns = b.param(ConvParam::outColumns);
  if (!spec.imagesAreColumns)
    operands.outHalo = b.param(ConvParam::outHalo);
  return operands;
}

Value skip::kernel::tilePointer(Builder &b, const View &view, const ConvTile &tile) {
  Value offset = b.add(b.mul(tile.image, view.image), b.mul(tile.block, view.block));
  offset = b.add(offset, b.mul(tile.row, view.row));
  Value column = view.pixel ? b.mul(tile.column, view.pixel) : b.mul(tile.column, kLanes);
  return b.at(view.pointer, b.add(offset, column));
}

void skip::kernel::writeResultHalo(Builder &b, const ConvOperands &operands, Value image, Value block, Value blocks, Value row,
                                   Value rows) {
  b.loop(b.constant(0), blocks, 1, [&](Value index) {
    const View &output = operands.output;
    Value offset = b.add(b.mul(image, output.image), b.mul(b.add(block, index), output.block));
    HaloTarget target{b.at(output.pointer, offset), output.row, operands.outRows, operands.outColumns, operands.outHalo};
    b.loop(row, b.add(row, rows), 1, [&](Value each) { writeHalo(b, target, each); });
  });
}

EpilogueSources skip::kernel::tileSources(Builder &b, const ConvOperands &operands, const ConvTile &tile) {
  EpilogueSources positioned = operands.epilogue;
  positioned.lanes = existingLanes(b, operands.lastLanes, operands.outBlocks, tile.block, tile.blocks);
  for (View &tensor : positioned.tensors)
    tensor.pointer = tilePointer(b, tensor, tile);
  Value channel = b.mul(tile.block, kLanes);
  for (Value &vector : positioned.vectors)
    vector = b.at(vector, channel);
  return positioned;
}
