// exp(x - max) / sum over the classes of a flat [N, C] tensor; padding classes of the result are zero.
//
// Operands: input, result (both flat, padded to 16; may be one buffer). Domain: (images, 1, 1), split (1, 1, 1).
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace skip::kernel {

struct SoftmaxSpec {
  bool operator==(const SoftmaxSpec &) const = default;
};

struct SoftmaxParam {
  enum : unsigned {
    images,
    one,
    alsoOne, // the domain
    classes, // true count
    inImage,
    outImage, // strides in elements
    count
  };
};

void emitSoftmax(mlir::ModuleOp module, llvm::StringRef name, const SoftmaxSpec &spec);

} // namespace skip::kernel
