// The filters of a Winograd convolution, transformed a row of positions at a time.
#pragma once

#include "codegen/x86/kernel/Builder.h"
#include "codegen/x86/kernel/Winograd.h"

namespace skip::kernel {

/// Emits G g G^T into scratch memory. To be made at the function's top level.
class WinogradFilters {
public:
  /// `depth`: how many blocks of input channels are transformed at a time.
  WinogradFilters(Builder &b, const WinogradConvSpec &spec, int64_t depth);

  /// Writes row `row` of the positions, for the unit's output blocks and `inBlocks` (up to depth) input blocks, from the
  /// filters that begin at `from`.
  void transformRow(Value from, Value inBlocks, Value row);

  /// Where the weights of one input block's channels begin, for an output block, at the row's first position.
  Value scratch() const { return filters; }
  int64_t positionVectors() const { return vectors; }     // from one position of the row to the next
  int64_t blockVectors() const { return depth * kLanes; } // from one output block to the next
  int64_t channels() const;                               // lanes of an input block that hold channels
  int64_t inBlockFloats() const;                          // of untransformed filters, of one output block
  Value outBlockFloats();                                 // the same of all input blocks

private:
  using Taps = llvm::SmallVector<Values, 4>; // rows of columns; null where there is none

  Values rowOf(const Taps &taps, Value point);
  void transformChannel(const Taps &taps, Value to, llvm::function_ref<Values(const Taps &)> rowOf);
  void forEachChannel(Value from, Value inBlocks, llvm::function_ref<void(const Taps &taps, Value to)> body);
  Taps loadTaps(Value from, int64_t rowPhase, int64_t columnPhase);

  Builder &b;
  const WinogradConvSpec &spec;
  int64_t taps, n, blocks, depth, vectors;
  Value filters; // [n][blocks][depth][16 ic][16 oc]
};

} // namespace skip::kernel
