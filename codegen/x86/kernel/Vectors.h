// Partial vectors, permutations of lanes and tiled loops, beside the vocabulary of Builder.h.
#pragma once

#include "codegen/x86/kernel/Builder.h"

namespace skip::kernel {

/// A mask whose lane i is set where i < count (an i64 of any sign).
Value lanesBelow(Builder &b, Value count);

/// For each of `count` blocks of channels from `first` on the mask of those that exist; none where `lastLanes`, those of the
/// last of all `blocks`, is 0 and says that every one is full.
Values existingLanes(Builder &b, int64_t lastLanes, Value blocks, Value first, int64_t count);

/// A mask of all lanes where `condition` (an i1) holds, else of none.
Value everyLane(Builder &b, Value condition);

/// `value` in the lanes of the mask, `otherwise` elsewhere.
Value select(Builder &b, Value mask, Value value, Value otherwise);

/// x + y and x - y of floats.
Value plus(Builder &b, Value x, Value y);
Value minus(Builder &b, Value x, Value y);
/// x y + z, rounded once; z may be null.
Value productPlus(Builder &b, Value x, Value y, Value z);

/// Emits `body` for each outcome of a condition.
void branch(Builder &b, Value condition, llvm::function_ref<void(bool holds)> body);

/// Memory of the lanes outside the mask is not touched; they load as zero.
Value loadMasked(Builder &b, Value pointer, Value mask);
void storeMasked(Builder &b, Value value, Value pointer, Value mask);

/// Lane i is lane `lanes[i]` of the 32 lanes of x and y.
Value shuffle(Builder &b, Value x, Value y, llvm::ArrayRef<int64_t> lanes);

/// All 16 lanes combined in the order of a tree, in every lane; `combine` is commutative.
Value reduceLanes(Builder &b, Value x, llvm::function_ref<Value(Value, Value)> combine);

/// Lane j of vector i becomes lane i of vector j.
using Square = std::array<Value, kLanes>;
Square transpose(Builder &b, const Square &rows);

/// Covers [from, to) by tiles of `tile` elements, then by single ones; `body` emits the code for one tile of `count`.
void forEachTile(Builder &b, Value from, Value to, int64_t tile, llvm::function_ref<void(Value first, int64_t count)> body);

/// One input channel's products of a register tile: sums[column * weights + i] += input[16 * column + channel] * weights[i].
void multiplyStep(Builder &b, int64_t channel, int64_t columns, Value input, ValueRange weights,
                  llvm::MutableArrayRef<Value> sums);

/// The same with the channel's weights behind pointers; the next channel's loads stay behind it, since they would find no
/// register.
void loadedStep(Builder &b, int64_t channel, int64_t columns, Value input, ValueRange filters,
                llvm::MutableArrayRef<Value> sums);

/// From one address to another, in elements.
Value distance(Builder &b, Value from, Value to);

/// Copies `elements` floats between buffers that do not overlap.
void copyElements(Builder &b, Value from, Value to, Value elements);

/// The indexes of a tensor's parameters: its image, block and row strides.
struct StrideParams {
  unsigned image, block, row;
};

/// Where a row of a tensor begins.
Value rowPointer(Builder &b, Value tensor, StrideParams strides, std::array<Value, 3> position);

/// Where row 0 of a tensor's plane begins.
Value planePointer(Builder &b, Value tensor, StrideParams strides, std::array<Value, 3> position);

/// Writes the zeros around the picture of `tensor` that border the row at `position`, of `rows` and `columns`; called for each
/// row once, the whole halo, which is as wide as the parameter `halo` says.
void writeHalo(Builder &b, Value tensor, StrideParams strides, unsigned halo, Value rows, Value columns,
               std::array<Value, 3> position);

} // namespace skip::kernel
