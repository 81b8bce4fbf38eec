// Gradients of filters: dw[o, i, r, s] = sum over images and pixels of dy[n, o, p, q] * x[n, i, p * stride + r - padding, ...].
//
// Operands: dy (blocked), x (blocked, or planar; its halo at least the padding), result (filter16 beside a blocked x, filter1
// beside a planar one; zero in padding channels). Domain: (output channel blocks, input channel blocks, scalars of a pair of
// blocks), split (unit.outBlocks, unit.inBlocks, unitScalars); the blocks of a planar x are its channels.
//
// A unit's sums are its own, so no two write one place, and their order is that of the images, whatever the units.
#pragma once

#include "runtime/Abi.h"

#include "mlir/IR/BuiltinOps.h"

namespace skip::kernel {

/// What is in registers at a time: gradients of `blocks` blocks of output channels for `rows` rows of the window by `scalars`
/// of a row's input scalars, which are its columns' channels side by side (a planar x: its columns).
struct GradFilterTile {
  int64_t blocks = 1, rows = 1, scalars = 1;

  bool operator==(const GradFilterTile &) const = default;
};

/// So many blocks of output and input channels (of output a multiple of the tile's), and tiles of each of their pairs. Up to
/// `pixels` pixels, but a row at least, are summed in registers, then added to memory.
struct GradFilterUnit {
  int64_t outBlocks = 1, inBlocks = 1, tiles = 1, pixels = 128;

  bool operator==(const GradFilterUnit &) const = default;
};

/// With `imagesAreColumns` each image has one pixel, and pixels are image strides apart: a linear layer. Then images and rows
/// are 1 and columns is n.
struct GradFilterSpec {
  int64_t kernelHeight = 1, kernelWidth = 1, stride = 1;
  bool planarInput = false, imagesAreColumns = false;
  GradFilterTile tile;
  GradFilterUnit unit;

  /// Of a row of the window.
  int64_t scalarsOfRow() const;
  /// Of a pair of blocks.
  int64_t scalars() const { return kernelHeight * scalarsOfRow(); }
  int64_t tiles() const { return scalars() / (tile.rows * tile.scalars); }
  int64_t unitScalars() const { return unit.tiles * tile.rows * tile.scalars; }

  bool operator==(const GradFilterSpec &) const = default;
};

/// Indexes of `params`; strides in elements.
struct GradFilterParam {
  enum : unsigned {
    outBlocks,
    inBlocks,
    scalars, // the domain, which is the same whatever the tile
    images,
    rows,
    columns, // of dy
    dyImage,
    dyBlock,
    dyRow,
    dyPixel,
    xImage,
    xBlock,
    xRow,
    xPixel, // of neighbouring columns of dy; neither pixel stride is read unless imagesAreColumns
    padding,
    outChannels,
    inChannels, // true counts
    count
  };
};

/// Chooses tile and unit for so many blocks of output and input channels.
void chooseGradFilterTile(GradFilterSpec &spec, int64_t outBlocks, int64_t inBlocks, SkipIsa isa);

void emitGradFilter(mlir::ModuleOp module, llvm::StringRef name, const GradFilterSpec &spec);

/// The same of a 3x3 convolution of stride 1 by Winograd's F(3 x 3, m x m), beside a blocked x. The result has `parts`
/// gradients one behind the other, part j of the images from j * images / parts up to (j + 1) * images / parts. Domain: (output
/// channel blocks of all parts, input channel blocks, 1), split (unit.outBlocks, unit.inBlocks, 1); both divide a part's.
struct WinogradGradFilterSpec {
  int64_t tile = 4;   // m
  int64_t group = 16; // tiles that are transformed at a time
  int64_t outBlocks = 1, inBlocks = 1;
  int64_t sumBlocks = 1, sumScalars = 1; // output blocks by input scalars whose sums are in registers at a time

  bool operator==(const WinogradGradFilterSpec &) const = default;
};

struct WinogradGradFilterParam {
  enum : unsigned {
    allOutBlocks,
    inBlocks,
    one, // the domain
    parts,
    outBlocks, // of a part
    images,
    tileRows,
    tileColumns, // of one image
    rows,
    columns, // of dy
    dyImage,
    dyBlock,
    dyRow,
    xRows,
    xColumns,
    xImage,
    xBlock,
    xRow, // strides in elements
    padding,
    outChannels,
    inChannels, // true counts
    count
  };
};

/// Chooses the registers' sums.
void chooseWinogradGradFilterTile(WinogradGradFilterSpec &spec, SkipIsa isa);

void emitWinogradGradFilter(mlir::ModuleOp module, llvm::StringRef name, const WinogradGradFilterSpec &spec);

/// The sum of parts that lie one behind the other, in order. Operands: parts, result. Domain: (1, pieces, 1), split (1, 1, 1).
struct SumPartsSpec {
  bool operator==(const SumPartsSpec &) const = default;
};

struct SumPartsParam {
  enum : unsigned {
    one,
    pieces,
    alsoOne, // the domain
    parts,
    pieceVectors,
    partFloats,
    count
  };
};

void emitSumParts(mlir::ModuleOp module, llvm::StringRef name, const SumPartsSpec &spec);

} // namespace skip::kernel
