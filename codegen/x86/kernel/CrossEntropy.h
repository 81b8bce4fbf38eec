// The loss, softmax cross-entropy with smoothed labels, and the gradients of it and of softmax.
//
// Tensors [N, C] are flat, padded to 16; labels are int32 and from 0 to below C, which whoever runs a kernel has checked.
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace skip::kernel {

/// The mean over the images of -sum of t log softmax(x); t is 1 - smoothing at the label and smoothing / C everywhere.
/// Operands: x, labels, one float. Domain: (1, 1, 1), split (1, 1, 1): images are summed in order, in doubles.
struct CrossEntropySpec {
  double smoothing = 0;

  bool operator==(const CrossEntropySpec &) const = default;
};

/// (softmax(x) - t) / N. Operands: x, labels, result. Domain: (images, 1, 1), split (1, 1, 1).
struct CrossEntropyGradSpec {
  double smoothing = 0;

  bool operator==(const CrossEntropyGradSpec &) const = default;
};

/// y * (dy - sum of dy * y). Operands: dy, y, result. Domain: (images, 1, 1), split (1, 1, 1).
struct SoftmaxGradSpec {
  bool operator==(const SoftmaxGradSpec &) const = default;
};

struct CrossEntropyParam {
  enum : unsigned {
    units,
    one,
    alsoOne, // the domain
    images,  // N
    classes, // true count
    inImage, // strides in elements
    secondImage,
    outImage,
    count
  };
};

void emitCrossEntropy(mlir::ModuleOp module, llvm::StringRef name, const CrossEntropySpec &spec);
void emitCrossEntropyGrad(mlir::ModuleOp module, llvm::StringRef name, const CrossEntropyGradSpec &spec);
void emitSoftmaxGrad(mlir::ModuleOp module, llvm::StringRef name, const SoftmaxGradSpec &spec);

} // namespace skip::kernel
