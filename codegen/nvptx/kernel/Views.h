// Where the operands of a contraction's tile come from: which 16 bytes of which tensor each thread of a block moves.
//
// The sum goes over the views one after the other, of each over the filter's taps, of each over the input's channels, in chunks
// of 16 bytes that lie together in an nhwc activation and in a krsc filter alike. A chunk is (tap, vector of channels), so one
// walk serves any number of channels: a 3x3 convolution of 3 channels has 9 chunks. A block takes some chunks at a time, a
// stage, of all its pixels (rows) and channels (columns).
//
// What lies outside (taps beyond the picture, chunks behind the last) is zero; rows and columns behind the last repeat it and
// are not stored. So loads have no branches.
#pragma once

#include "codegen/nvptx/kernel/Builder.h"
#include "codegen/nvptx/kernel/Spec.h"

namespace skip::nvptx {

/// A block's tile of a contraction.
struct TilePlace {
  TilePlace(Builder &b, const GemmSpec &spec, int64_t m, int64_t n);

  int64_t m, n;
  Value rows, firstRow, firstColumn; // of all images; of this block
};

/// And which chunks of a stage its threads move: neighbouring threads those of a row.
struct ChunkPlace : TilePlace {
  ChunkPlace(Builder &b, const GemmSpec &spec, int64_t m, int64_t n, int64_t stageChunks, int64_t threads);

  int64_t stageChunks;
  int64_t step;     // rows, from one of a thread's chunks to its next
  Value chunk, row; // which of a stage's chunks this thread moves, and of which row or column first
};

/// Stages of a view that a block goes through where sums are cut: `count` from `first` on, `most` at most; all of them where it
/// is whole.
struct Share {
  Value first, count;
  int64_t most;
  bool isWhole;
};

/// Of `stages` in all an equal share for each part, of which the last ones may have fewer or none.
Share shareOf(Builder &b, int64_t stages, int64_t parts);

/// 16 bytes to be moved, at an offset in elements.
struct Piece {
  Array from;
  Value offset;
  Value exists; // else it is zero, and the offset that of something else; null: it does
};

/// One view's part in the sum.
class Source {
public:
  Source(Builder &b, const GemmSpec &spec, const GemmView &view, Value input, Value filter, const ChunkPlace &place);

  int64_t stages() const { return (chunks + place.stageChunks - 1) / place.stageChunks; }
  /// This thread's pieces of a stage: of its rows, each `step` behind the one before, then of its columns. A thread that has no
  /// row or column in the tile has pieces like the others'.
  llvm::SmallVector<Piece> pieces(Value stage) const;
  int64_t rowPieces() const { return static_cast<int64_t>(y.size()); }

private:
  Value inputOffset(size_t row, Value tap, Value vector, Value &isInside) const;

  Builder &b;
  const GemmSpec &spec;
  const GemmView &view;
  const ChunkPlace &place;
  Array input, filter;
  int64_t chunks;          // of the whole sum
  Values imageStart, y, x; // of each row: its image, and the window's first pixel
  Values filterStart;      // of each column
};

} // namespace skip::nvptx
