// Transposed convolutions by parity classes.
//
// Of a pixel's window only those taps meet a pixel of the input that lie `stride` apart, and which these are is the same for
// all pixels of a class: those at one distance from a multiple of the stride, in both axes. So each of the stride x stride
// classes is a direct convolution of stride 1 by some of the filter's taps, whose results lie `stride` pixels apart. Of 3 x 3
// taps, stride 2 and padding 1, along one axis, the filter w transposed:
//
//   y[2 i]     = w[1] x[i]                      y[2 i + 1] = w[0] x[i] + w[2] x[i + 1]
//
// which is 1, 2, 2 and 4 taps, and 9 multiplications for 4 pixels where the spread out input would take 36. A unit computes
// some rows of all classes, so that the input and the weights that they share are read once.
#include "codegen/x86/kernel/TransposedConv.h"

#include "codegen/x86/kernel/ConvUnits.h"
#include "codegen/x86/kernel/DirectTile.h"

using namespace skip::kernel;

static constexpr int64_t kTapFloats = kLanes * kLanes; // of a pair of blocks of channels

namespace {
/// The taps of a class along an axis: `first` and each stride-th behind it; `first` meets the pixel `offset` behind the
/// class's.
struct Taps {
  int64_t first, count, offset;
};
} // namespace

static Taps tapsOf(int64_t place, int64_t size, int64_t stride, int64_t padding) {
  int64_t distance = place + padding - (size - 1), first = 0;
  while ((distance + first) % stride)
    ++first;
  return {first, (size - first + stride - 1) / stride, (distance + first) / stride};
}

/// Every stride-th pixel from (row, column) on.
static View everyPixel(Builder &b, View view, int64_t row, int64_t column, int64_t stride) {
  view.pointer = b.at(b.at(view.pointer, b.mul(view.row, row)), column * kLanes);
  view.row = b.mul(view.row, stride);
  view.pixel = b.constant(stride * kLanes);
  return view;
}

/// The operands of the class at (row, column).
static ConvOperands ofClass(Builder &b, const TransposedConvSpec &spec, ConvOperands operands, int64_t row, int64_t column) {
  Taps rows = tapsOf(row, spec.kernelHeight, spec.stride, spec.padding);
  Taps columns = tapsOf(column, spec.kernelWidth, spec.stride, spec.padding);
  ConvRootOperands &root = operands.roots[0];
  root.root.kernelHeight = rows.count;
  root.root.kernelWidth = columns.count;
  root.padding = b.constant(0);
  root.input.pointer = b.at(b.at(root.input.pointer, b.mul(root.input.row, rows.offset)), columns.offset * kLanes);
  root.weights = b.at(root.weights, (rows.first * spec.kernelWidth + columns.first) * kTapFloats);
  root.taps = {.column = spec.stride * kTapFloats,
               .row = spec.stride * spec.kernelWidth * kTapFloats,
               .block = spec.kernelHeight * spec.kernelWidth * kTapFloats};
  operands.output = everyPixel(b, operands.output, row, column, spec.stride);
  for (View &tensor : operands.epilogue.tensors)
    tensor = everyPixel(b, tensor, row, column, spec.stride);
  return operands;
}

void skip::kernel::emitTransposedConv(mlir::ModuleOp module, llvm::StringRef name, const TransposedConvSpec &spec) {
  Builder b(module, name);
  b.keepOrder();
  ConvSpec conv;
  conv.roots.push_back({spec.kernelHeight, spec.kernelWidth});
  conv.epilogue = spec.epilogue;
  conv.lastLanes = spec.lastLanes;
  ConvOperands operands = loadOperands(b, conv), picture = operands;
  std::vector<ConvOperands> classes;
  for (int64_t row = 0; row < spec.stride; ++row)
    for (int64_t column = 0; column < spec.stride; ++column)
      classes.push_back(ofClass(b, spec, operands, row, column));
  picture.outRows = b.mul(operands.outRows, spec.stride);
  picture.outColumns = b.mul(operands.outColumns, spec.stride);
  forEachStrip(b, operands, spec.schedule, [&](const ConvTile &strip) {
    for (const ConvOperands &each : classes)
      forEachTile(b, spec.schedule, operands.outColumns, strip,
                  [&](const ConvTile &tile) { emitDirectTile(b, conv, each, tile); });
    writeResultHalo(b, picture, strip.image, strip.block, b.constant(strip.blocks), b.mul(strip.row, spec.stride),
                    b.constant(strip.rows * spec.stride));
  });
  b.finish();
}
