// Kernels that only move values: layout changes, shortcut option A, and what makes pictures larger.
#pragma once

#include "mlir/IR/BuiltinOps.h"

#include "llvm/ADT/SmallVector.h"

namespace skip::kernel {

/// The same values in another layout or with another halo. Operands: source, result. A planar side may be the caller's dense
/// [N, C, H, W] or [N, C] array. Blocked results get zeros in padding channels (planar source), all results their halo.
/// Domain: (images, b, rows), split (1, 1, 1), where b is the blocks of 16 channels; planar to planar: the channels.
struct RelayoutSpec {
  bool fromPlanar = true, toPlanar = false;

  bool operator==(const RelayoutSpec &) const = default;
};

struct RelayoutParam {
  enum : unsigned {
    images,
    blocks,
    rows, // the domain
    columns,
    channels, // true count
    fromImage,
    fromBlock,
    fromRow, // strides in elements; planar: fromBlock is between channels
    toImage,
    toBlock,
    toRow,
    toHalo, // zeros to write around each picture
    toTail, // planar result: zeros to write behind each image's last element (a flat [N, K] padded to 16); else 0
    count
  };
};

void emitRelayout(mlir::ModuleOp module, llvm::StringRef name, const RelayoutSpec &spec);

/// y[n, c, p, q] = x[n, c - before, p * stride, q * stride], zero where x has no such channel. Operands: input, result (both
/// blocked). With before = 0 this is `subsample`, with before < 0 `take_channels` from the `-before`th on. Domain: (images,
/// output blocks, output rows), split (1, 1, 1).
struct PadChannelsSpec {
  int64_t before = 0, stride = 1;
  int64_t lastLanes = 0; // of the result's last block, where the input's next channels would follow; 0: all of them

  bool operator==(const PadChannelsSpec &) const = default;
};

struct PadChannelsParam {
  enum : unsigned {
    images,
    outBlocks,
    outRows, // the domain
    outColumns,
    inBlocks, // blocks of 16 channels of the input; its padding channels are zero
    inImage,
    inBlock,
    inRow, // strides in elements
    outImage,
    outBlock,
    outRow,
    outHalo, // zeros to write around each picture
    count
  };
};

void emitPadChannels(mlir::ModuleOp module, llvm::StringRef name, const PadChannelsSpec &spec);

/// The channels of several inputs one behind the other. Operands: the inputs, result (all blocked). Domain: (images, output
/// blocks, rows), split (1, 1, 1).
struct ConcatSpec {
  llvm::SmallVector<int64_t, 4> channels; // of each input

  bool operator==(const ConcatSpec &) const = default;
};

struct ConcatParam {
  enum : unsigned {
    images,
    outBlocks,
    rows, // the domain
    columns,
    outImage,
    outBlock,
    outRow,
    outHalo, // zeros to write around each picture
    count    // then for each input its strides: image, block, row
  };
};

void emitConcat(mlir::ModuleOp module, llvm::StringRef name, const ConcatSpec &spec);

/// Each pixel `factor` times in both directions, or bilinearly between them (ir/graph/GraphOps.td, upsample). Operands: input,
/// result (both blocked). Domain: (images, blocks, output rows), split (1, 1, 1).
struct UpsampleSpec {
  int64_t factor = 2;
  bool bilinear = false;

  bool operator==(const UpsampleSpec &) const = default;
};

struct UpsampleParam {
  enum : unsigned {
    images,
    blocks,
    outRows, // the domain
    inRows,
    inColumns,
    inImage,
    inBlock,
    inRow,
    outImage,
    outBlock,
    outRow,
    outHalo, // zeros to write around each picture
    count
  };
};

void emitUpsample(mlir::ModuleOp module, llvm::StringRef name, const UpsampleSpec &spec);

/// The picture with its own pixels around it, mirrored at its border's (ir/graph/GraphOps.td, reflect_pad). Operands: input,
/// result (both blocked). Domain: (images, blocks, output rows), split (1, 1, 1).
struct ReflectPadSpec {
  bool operator==(const ReflectPadSpec &) const = default;
};

struct ReflectPadParam {
  enum : unsigned {
    images,
    blocks,
    outRows, // the domain
    inRows,
    inColumns,
    inImage,
    inBlock,
    inRow,
    outImage,
    outBlock,
    outRow,  // strides in elements
    outHalo, // zeros to write around each picture
    top,
    left,
    right, // padding
    count
  };
};

void emitReflectPad(mlir::ModuleOp module, llvm::StringRef name, const ReflectPadSpec &spec);

/// y[n, c, p * stride, q * stride] = x[n, c, p, q], zero everywhere else: the gradient of `subsample`. Operands: input, result
/// (both blocked). Domain: (images, blocks, output rows), split (1, 1, 1).
struct SpreadSpec {
  int64_t stride = 2;

  bool operator==(const SpreadSpec &) const = default;
};

struct SpreadParam {
  enum : unsigned {
    images,
    blocks,
    outRows, // the domain
    outColumns,
    inColumns,
    inImage,
    inBlock,
    inRow,
    outImage,
    outBlock,
    outRow,  // strides in elements
    outHalo, // zeros to write around each picture
    count
  };
};

void emitSpread(mlir::ModuleOp module, llvm::StringRef name, const SpreadSpec &spec);

/// Input and output channels exchanged, taps in reverse, and a margin of zeros around the window. Operands: filter, result
/// (both filter16). Domain: (the result's blocks of output channels, of input channels, taps), split (1, 1, 1).
struct TransposeFilterSpec {
  bool operator==(const TransposeFilterSpec &) const = default;
};

struct TransposeFilterParam {
  enum : unsigned {
    outBlocks,
    inBlocks,
    taps,    // the domain
    columns, // of the result's window
    margin,
    count
  };
};

void emitTransposeFilter(mlir::ModuleOp module, llvm::StringRef name, const TransposeFilterSpec &spec);

} // namespace skip::kernel
