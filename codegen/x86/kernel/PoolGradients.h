// The gradients of poolings, over blocked tensors.
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace skip::kernel {

/// Each dy at the place of its window's maximum, the first in reading order, a NaN being one; what several windows give a pixel
/// is added in the windows' order. Operands: dy, the pooling's input, result. Domain: (images, channel blocks, 1), split (1, 1,
/// 1).
struct MaxPoolGradSpec {
  int64_t kernelHeight = 2, kernelWidth = 2, strideRows = 2, strideColumns = 2, top = 0, left = 0;

  bool operator==(const MaxPoolGradSpec &) const = default;
};

struct MaxPoolGradParam {
  enum : unsigned {
    images,
    blocks,
    one, // the domain
    gradRows,
    gradColumns,
    rows,
    columns, // of the pooling's input, and of the result
    gradImage,
    gradBlock,
    gradRow,
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

/// dy[n, c] / (rows * columns) at every pixel. Operands: dy, flat [N, C]; result. Domain: (images, channel blocks, rows), split
/// (1, 1, 1).
struct GlobalAvgPoolGradSpec {
  bool operator==(const GlobalAvgPoolGradSpec &) const = default;
};

struct GlobalAvgPoolGradParam {
  enum : unsigned {
    images,
    blocks,
    rows, // the domain
    columns,
    gradImage, // blocks of it lie 16 apart
    outImage,
    outBlock,
    outRow,  // strides in elements
    outHalo, // zeros to write around each picture
    count
  };
};

void emitMaxPoolGrad(mlir::ModuleOp module, llvm::StringRef name, const MaxPoolGradSpec &spec);
void emitGlobalAvgPoolGrad(mlir::ModuleOp module, llvm::StringRef name, const GlobalAvgPoolGradSpec &spec);

} // namespace skip::kernel
