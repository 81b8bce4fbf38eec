// A Strassen convolution's work units: where their operands lie in memory.
#pragma once

#include "codegen/x86/kernel/ConvOperands.h"

namespace skip::kernel {

/// A unit's place in the result.
struct StrassenPlace {
  Value image, block, row, rows;
};

/// What a unit's chunk of input channels is read from.
struct StrassenSource {
  Value input;                   // A11 of the unit's first pixel
  Value row, half, block, pixel; // from there to A21, to A12, to the next block of channels, to the next output pixel
  Value weights, weightBlock;    // B11 of the unit's first block, and how far on the next block is
  Value tiles;                   // of the unit
  Value factors, sizes;          // of the chunk's input channels, of the unit's output channels (runtime/Balance.h)
};

class StrassenUnits {
public:
  StrassenUnits(Builder &b, const ConvSpec &spec, const ConvOperands &operands);

  StrassenPlace place(Value index);
  /// Of a unit and chunk.
  StrassenSource sourceOf(Value index, Value chunk);
  /// One of two sources of units with as many tiles.
  StrassenSource either(Value condition, StrassenSource yes, const StrassenSource &no);

  /// The unit behind in this call; the last one itself.
  Value after(Value index);
  /// Where a tile's pixels begin.
  Value pixelsAt(const StrassenSource &source, Value tile);
  /// Where the weights of a stage, a pair of blocks, begin.
  Value weightsAt(const StrassenSource &source, Value stage);
  /// Where the sizes of a stage's output channels begin.
  Value sizesAt(const StrassenSource &source, Value stage) const;
  /// The size of the block `from` of output channels over that of `to`, counted from a stage's first.
  Value ratio(Value sizes, int64_t from, int64_t to) const;
  /// Of each block of a stage's right half over its counterpart of the left one.
  Values ratiosToLeft(Value sizes) const;
  /// Of the unit's stage that is so many behind the first of its first chunk, which may be the next unit's.
  Value weightsOf(Value index, Value stage);

  const int64_t half;   // blocks of input channels in half a chunk
  const int64_t stages; // pairs of `ocBlocks` blocks in a unit
  Value tilesAcross, blockUnits;

private:
  StrassenSource ofRoot(const ConvRootOperands &root, const StrassenPlace &at, Value chunk);
  Value chunksOf(const ConvRootOperands &root) { return b.divide(root.inBlocks, b.constant(2 * half)); }

  Builder &b;
  const ConvSpec &spec;
  const ConvOperands &operands;
  Value rowUnits;
};

} // namespace skip::kernel
