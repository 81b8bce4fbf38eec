// The second half of a Winograd convolution: from the sums of a unit to pixels of the result.
#pragma once

#include "codegen/x86/kernel/Builder.h"
#include "codegen/x86/kernel/Winograd.h"

namespace skip::kernel {

/// Emits A^T M A + bias and the epilogue. To be made at the function's top level: it takes scratch memory.
class WinogradResult {
public:
  WinogradResult(Builder &b, const WinogradConvSpec &spec);

  /// Stores the group's tiles from `firstTile` on (those that exist) for the unit's output blocks from `firstBlock` on. `sums`
  /// is [(m + 2)^2][ocBlocks][group][16], `sumVectors` vectors from one position to the next.
  void emit(Value sums, int64_t sumVectors, Value firstTile, Value firstBlock);

private:
  /// A tile of the result: which one, and how much of it lies inside the picture.
  struct Tile {
    Value image, column, row; // column and row: of its first pixel
    Value rows, columns;
  };

  void loadOperands();
  Tile locate(Value tile);
  void alongRows(Value products, int64_t sumVectors);
  void storeBlock(const Tile &tile, Value block);
  void storeColumn(Values sums, const Tile &tile, Value block, Value column);
  View positioned(View view, const Tile &tile, Value block, Value column);
  void halo(const Tile &tile, Value block);

  Builder &b;
  const WinogradConvSpec &spec;
  int64_t m, n;
  Value half; // [n][m][16], of one tile
  Value bias;
  EpilogueSources epilogue; // at the origins
  View output;
};

} // namespace skip::kernel
