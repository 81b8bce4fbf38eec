// A convolution's operands and parameters, named; what every algorithm for it starts from.
#pragma once

#include "codegen/x86/kernel/Builder.h"
#include "codegen/x86/kernel/Conv.h"

namespace skip::kernel {

/// How far the taps lie apart that are multiplied, in a filter of which others are passed over: from one to the next of a row,
/// to the next row's and to the next block's. All 0 where they follow one another.
struct TapDistances {
  int64_t column = 0, row = 0, block = 0;
};

/// `input.pixel` is null unless images are columns.
struct ConvRootOperands {
  ConvRoot root;
  View input;
  Value weights;     // of output block 0
  Value weightBlock; // elements between the weights of two output blocks
  Value inBlocks, padding;
  TapDistances taps;
};

struct ConvOperands {
  llvm::SmallVector<ConvRootOperands, 2> roots;
  Value bias;               // null without one
  EpilogueSources epilogue; // standing at the origins
  View output;
  int64_t lastLanes;
  Value outBlocks, outRows, outColumns, outHalo;
};

ConvOperands loadOperands(Builder &b, const ConvSpec &spec);

/// A register tile's place in the result: `blocks` x `rows` x `columns` vectors from (image, block, row, column) on.
struct ConvTile {
  int64_t blocks, rows, columns;
  Value image, block, row, column;
};

/// The tile's first vector in a tensor of the result's shape.
Value tilePointer(Builder &b, const View &view, const ConvTile &tile);

/// Writes the zeros around `rows` rows of `blocks` blocks of the result, from (image, block, row) on.
void writeResultHalo(Builder &b, const ConvOperands &operands, Value image, Value block, Value blocks, Value row, Value rows);

/// The epilogue's operands, standing at the tile.
EpilogueSources tileSources(Builder &b, const ConvOperands &operands, const ConvTile &tile);

} // namespace skip::kernel
