// Poolings over blocked tensors.
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace skip::kernel {

/// Maximum over windows; positions outside the picture do not count. Operands: input, result (both blocked).
/// Domain: (images, channel blocks, output rows), split (1, 1, 1).
struct MaxPoolSpec {
  int64_t kernelHeight = 2, kernelWidth = 2, strideRows = 2, strideColumns = 2;

  bool operator==(const MaxPoolSpec &) const = default;
};

struct MaxPoolParam {
  enum : unsigned {
    images,
    blocks,
    outRows, // the domain
    outColumns,
    inRows,
    inColumns, // the picture's, without halo
    inImage,
    inBlock,
    inRow, // strides in elements
    outImage,
    outBlock,
    outRow,
    outHalo, // zeros to write around each picture
    top,
    left, // padding, below the kernel's size: every window touches the picture
    count
  };
};

void emitMaxPool(mlir::ModuleOp module, llvm::StringRef name, const MaxPoolSpec &spec);

/// Mean over windows (ir/graph/GraphOps.td, avg_pool). Operands: input, result (both blocked). Domain: (images, channel blocks,
/// output rows), split (1, 1, 1).
struct AvgPoolSpec {
  int64_t kernelHeight = 2, kernelWidth = 2, strideRows = 2, strideColumns = 2;
  bool includePad = false, sum = false;

  bool operator==(const AvgPoolSpec &) const = default;
};

struct AvgPoolParam {
  enum : unsigned {
    images,
    blocks,
    outRows, // the domain
    outColumns,
    inRows,
    inColumns, // the picture's, without halo
    inImage,
    inBlock,
    inRow, // strides in elements
    outImage,
    outBlock,
    outRow,
    outHalo, // zeros to write around each picture
    top,
    left,
    bottom,
    right, // padding: every window touches the picture
    count
  };
};

void emitAvgPool(mlir::ModuleOp module, llvm::StringRef name, const AvgPoolSpec &spec);

/// Mean over the picture: blocked [N, C, H, W] -> flat [N, C]. Operands: input, result.
/// Domain: (images, channel blocks, 1), split (1, 1, 1).
struct GlobalAvgPoolSpec {
  bool operator==(const GlobalAvgPoolSpec &) const = default;
};

struct GlobalAvgPoolParam {
  enum : unsigned {
    images,
    blocks,
    one, // the domain
    inRows,
    inColumns,
    inImage,
    inBlock,
    inRow,    // strides in elements
    outImage, // blocks of the flat result lie 16 apart
    count
  };
};

void emitGlobalAvgPool(mlir::ModuleOp module, llvm::StringRef name, const GlobalAvgPoolSpec &spec);

/// The mean over the picture by the softmax over its pixels of one logit each: blocked [N, C, H, W] and [N, 1, H, W] -> flat
/// [N, C]. Operands: input, logits, result. Domain: (images, channel blocks, 1), split (1, 1, 1).
struct AttentionPoolSpec {
  bool operator==(const AttentionPoolSpec &) const = default;
};

struct AttentionPoolParam {
  enum : unsigned {
    images,
    blocks,
    one, // the domain
    rows,
    columns,
    inImage,
    inBlock,
    inRow,
    logitsImage,
    logitsRow, // strides in elements
    outImage,  // blocks of the flat result lie 16 apart
    count
  };
};

void emitAttentionPool(mlir::ModuleOp module, llvm::StringRef name, const AttentionPoolSpec &spec);

} // namespace skip::kernel
