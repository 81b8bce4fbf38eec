// The sums of a contraction on tensor cores, on their way from registers to the result.
//
// They lie scattered over each warp's registers. They go through shared memory, so that the epilogue has whole vectors of
// neighbouring channels: it adds bias and residual, and stores 16 bytes a thread. All of it is f32 until that store.
#pragma once

#include "codegen/nvptx/kernel/Emitters.h"
#include "codegen/nvptx/kernel/Views.h"

namespace skip::nvptx {

/// Of a product of 16 rows by 8 columns in each lane: two neighbours of row lane / 4, and two of the eighth row below.
inline constexpr int64_t kSumRows = 16, kSumColumns = 8, kSumsOfLane = 4;

/// Those of a block's tile; `memory` is shared and has room for all, rows sumPadding floats longer than the tile.
class TileSums {
public:
  TileSums(Builder &b, const GemmSpec &spec, ValueRange operands, const TilePlace &place, Value memory)
      : b(b), spec(spec), operands(operands), place(place), memory(memory) {}

  /// To shared memory, what a warp has of rows by columns from (row, column) of the tile on: products in rows of products.
  void keep(ValueRange sums, Value row, Value column, int64_t rows, int64_t columns);
  /// From there to the result, by `threads` threads of which this one is `thread`. A barrier is between the two.
  void store(Value thread, int64_t threads);

private:
  int64_t stride() const;
  Values read(Value row, Value column, Value index);
  Values withBias(Values values, Value channel);
  void storeAddends(ValueRange values, Value pixel, Value channel);
  void storeVector(Value row, Value column, Value index);

  Builder &b;
  const GemmSpec &spec;
  ValueRange operands;
  const TilePlace &place;
  Value memory;
};

} // namespace skip::nvptx
