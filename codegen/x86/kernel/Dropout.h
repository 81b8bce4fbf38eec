// Dropout in training, and its gradient.
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace skip::kernel {

/// y = 0 where the element's draw is below `rate`, else x / (1 - rate), as graph.dropout_train says. Operands: x, draws (int32
/// [N]), result (both tensors blocked). Domain: (images, blocks, rows), split (1, 1, 1).
struct DropoutSpec {
  double rate = 0.5;

  bool operator==(const DropoutSpec &) const = default;
};

struct DropoutParam {
  enum : unsigned {
    images,
    blocks,
    rows, // the domain
    columns,
    layer,
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

void emitDropout(mlir::ModuleOp module, llvm::StringRef name, const DropoutSpec &spec);

} // namespace skip::kernel
