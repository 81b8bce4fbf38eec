// The arithmetic of layouts: sizes and strides of a tensor in memory.
#pragma once

#include "ir/plan/Plan.h"
#include "ir/plan/WinogradLayout.h"

namespace skip::plan {

/// Bytes of an element as the layout stores it.
int64_t elementBytes(Element element);
inline int64_t elementBytes(LayoutAttr layout) { return elementBytes(layout.getElement()); }

/// How many addends each element of the layout has: those of `partial`, else 1.
int64_t addendsOf(LayoutAttr layout);

/// Of `partial`: whole vectors of 16 bytes of any element.
inline constexpr int64_t partialLanes = 8;

/// How many channels lie side by side at least: 1, those of a block, or those in 16 bytes.
int64_t lanesOf(LayoutKind kind, Element element = Element::f32);
inline graph::LayoutFamily familyOf(LayoutKind kind) { return {lanesOf(kind)}; }

/// Where the elements of an activation lie, counted in elements. A rank-2 tensor [N, C] is a picture of one pixel. In `nhwc`
/// the blocks of a pixel follow one another.
struct Strides {
  int64_t channels, height, width;  // logical sizes; channels not rounded
  int64_t blocks;                   // C / lanesOf, rounded up
  int64_t image, block, row, pixel; // distances between images, blocks (planar: channels), rows and pixels
  int64_t addend;                   // distance between the addends of an element
  int64_t origin;                   // from the buffer's first element to the interior origin
  int64_t halo;
};

/// Strides of a planar, blocked or nhwc activation of type [N, C, H, W], [N, C] or [N].
Strides stridesOf(mlir::RankedTensorType type, LayoutAttr layout);

/// Whether the tensor has something for each image of the batch; else it is a parameter, its gradient, or what a batch sums to.
bool isPerImage(mlir::RankedTensorType type);

/// The sizes {oc, ic, kh, kw} of a filter [O, I, kh, kw] or [O, K], of a vector {oc, 1, 1, 1}.
llvm::SmallVector<int64_t, 4> parameterDims(mlir::RankedTensorType type);

/// Bytes of a tensor's buffer for `batch` images, in any layout; of transformed windows with all copies.
int64_t bufferBytes(mlir::RankedTensorType type, LayoutAttr layout, int64_t batch);

/// How many copies of a tensor's transformed windows a buffer for `images` images has room for, each for its share of the
/// threads: two where all are in one group, which no thread can have for itself, so that each of two threads may read
/// what it wrote; else one.
int64_t winogradCopies(mlir::RankedTensorType type, LayoutAttr layout, int64_t images);

/// Bytes of packed weights of `dims` {oc, ic, kh, kw}, with the factors behind them where they are `balanced` (LoadOp); a
/// vector has dims {oc, 1, 1, 1}.
int64_t packedBytes(llvm::ArrayRef<int64_t> dims, LayoutAttr layout, bool balanced);

/// What the layout `winograd` says of the convolution that reads it.
WinogradTaps winogradTaps(LayoutAttr layout);

/// The tiles that a Winograd convolution of an activation of `type` cuts one image's outputs into.
struct WinogradTiles {
  int64_t rows, columns;
};
WinogradTiles winogradTiles(mlir::RankedTensorType type, LayoutAttr layout);

/// Blocks of `channels` channels, and the channels that they have room for.
int64_t blocksOf(int64_t channels);
int64_t roundUpToBlock(int64_t channels);

} // namespace skip::plan
