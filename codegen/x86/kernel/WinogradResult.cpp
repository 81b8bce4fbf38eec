// A^T M A of one tile and output block at a time: along the rows of M into a scratch, then along each column of the picture,
// whose pixels go through the epilogue together.
#include "codegen/x86/kernel/WinogradResult.h"

#include "codegen/x86/kernel/Vectors.h"
#include "codegen/x86/kernel/WinogradTransform.h"

using namespace skip::kernel;
using Param = WinogradConvParam;

WinogradResult::WinogradResult(Builder &b, const WinogradConvSpec &spec)
    : b(b), spec(spec), m(spec.tile), n(spec.taps.points(spec.tile)), half(scratchVectors(b, n * m)) {
  loadOperands();
}

void WinogradResult::loadOperands() {
  unsigned next = 2;
  if (spec.bias)
    bias = b.operand(next++);
  epilogue = loadSources(b, spec.epilogue, next, [&](Value pointer, unsigned add) {
    auto param = [&](unsigned which) { return b.param(winogradAddParam(add, which)); };
    return View{pointer, param(0), param(1), param(2), Value()};
  });
  output = {b.operand(next), b.param(Param::outImage), b.param(Param::outBlock), b.param(Param::outRow), Value()};
}

/// `count` vectors, `stride` vectors apart.
static Values loadAll(Builder &b, Value from, int64_t count, int64_t stride) {
  Values values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(b.load(from, i * stride * kLanes));
  return values;
}

void WinogradResult::emit(Value sums, int64_t sumVectors, Value firstTile, Value firstBlock) {
  Value count = b.min(b.constant(spec.group), b.sub(b.param(Param::tiles), firstTile));
  b.loop(b.constant(0), count, 1, [&](Value index) {
    Tile tile = locate(b.add(firstTile, index));
    b.loop(b.constant(0), b.constant(spec.schedule.ocBlocks), 1, [&](Value inner) {
      alongRows(b.at(sums, b.mul(b.add(b.mul(inner, spec.group), index), kLanes)), sumVectors);
      storeBlock(tile, b.add(firstBlock, inner));
    });
  });
}

/// half = M A, for the products M of one tile and output block.
void WinogradResult::alongRows(Value products, int64_t sumVectors) {
  b.loop(b.constant(0), b.constant(n), 1, {products, half}, [&](Value, ValueRange at) {
    for (auto [i, value] : llvm::enumerate(winogradBackward(b, m, loadAll(b, at[0], n, sumVectors))))
      b.store(value, at[1], i * kLanes);
    return Values{b.at(at[0], n * sumVectors * kLanes), b.at(at[1], m * kLanes)};
  });
}

WinogradResult::Tile WinogradResult::locate(Value tile) {
  Value columns = b.param(Param::tileColumns), ofImage = b.mul(b.param(Param::tileRows), columns);
  Tile place;
  Value inImage = b.modulo(tile, ofImage);
  place.image = b.divide(tile, ofImage);
  place.row = b.mul(b.divide(inImage, columns), m);
  place.column = b.mul(b.modulo(inImage, columns), m);
  place.rows = b.min(b.constant(m), b.sub(b.param(Param::outRows), place.row));
  place.columns = b.min(b.constant(m), b.sub(b.param(Param::outColumns), place.column));
  return place;
}

/// The tile's pixels from `half`, and the zeros beside them.
void WinogradResult::storeBlock(const Tile &tile, Value block) {
  b.loop(b.constant(0), tile.columns, 1, [&](Value column) {
    Values halves = loadAll(b, b.at(half, b.mul(column, kLanes)), n, m);
    storeColumn(winogradBackward(b, m, halves), tile, block, b.add(tile.column, column));
  });
  b.when(b.equal(tile.column, b.constant(0)), [&] { halo(tile, block); });
}

/// `view` at the tile's first row and this column.
View WinogradResult::positioned(View view, const Tile &tile, Value block, Value column) {
  Value offset = b.add(b.mul(tile.image, view.image), b.mul(block, view.block));
  view.pointer = b.at(view.pointer, b.add(b.add(offset, b.mul(tile.row, view.row)), b.mul(column, kLanes)));
  return view;
}

/// The tile's pixels of one column of the picture.
void WinogradResult::storeColumn(Values sums, const Tile &tile, Value block, Value column) {
  View to = positioned(output, tile, block, column);
  EpilogueSources sources = epilogue;
  for (View &tensor : sources.tensors)
    tensor = positioned(tensor, tile, block, column);
  Value channel = b.mul(block, kLanes);
  for (Value &vector : sources.vectors)
    vector = b.at(vector, channel);
  sources.lanes = existingLanes(b, spec.lastLanes, b.param(Param::outBlocks), block, 1);
  if (bias) {
    Value of = b.load(b.at(bias, channel));
    for (Value &sum : sums)
      sum = plus(b, sum, of);
  }
  branch(b, b.less(tile.rows, b.constant(m)), [&](bool partial) {
    if (partial) {
      for (int64_t row = 0; row < m; ++row)
        b.when(b.less(b.constant(row), tile.rows),
               [&] { b.store(applyEpilogue(b, spec.epilogue, sources, sums[row], {.row = row}), at(b, to, {.row = row})); });
      return;
    }
    Values results;
    for (int64_t row = 0; row < m; ++row)
      results.push_back(applyEpilogue(b, spec.epilogue, sources, sums[row], {.row = row}));
    for (int64_t row = 0; row < m; ++row)
      b.store(results[row], at(b, to, {.row = row}));
  });
}

void WinogradResult::halo(const Tile &tile, Value block) {
  Value offset = b.add(b.mul(tile.image, output.image), b.mul(block, output.block));
  HaloTarget target{b.at(output.pointer, offset), output.row, b.param(Param::outRows), b.param(Param::outColumns),
                    b.param(Param::outHalo)};
  b.loop(tile.row, b.add(tile.row, tile.rows), 1, [&](Value row) { writeHalo(b, target, row); });
}
