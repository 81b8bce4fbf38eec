// Batch norm by the batch's own statistics: what each image adds to them, and what they make together.
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace skip::kernel {

/// Row 0: the mean of a channel's pixels in each image. Row 1: the sum of their squared distances from it. Operands: input
/// (blocked), result (blocked [N, C, 2, 1] without halo). Domain: (images, channel blocks, 1), split (1, 1, 1).
struct MomentsSpec {
  bool operator==(const MomentsSpec &) const = default;
};

/// Row 0: the sum of dy over a channel's pixels in each image. Row 1: that of dy * (x - mean[c]). Operands: dy, x (blocked),
/// mean, result (as of moments). Domain: (images, channel blocks, 1), split (1, 1, 1).
struct GradSumsSpec {
  bool operator==(const GradSumsSpec &) const = default;
};

struct ImageSumsParam {
  enum : unsigned {
    images,
    blocks,
    one, // the domain
    rows,
    columns,
    outImage,
    outBlock, // strides in elements
    inImage,
    inBlock,
    inRow, // of the first input; grad_sums: those of x follow in this order
    xImage,
    xBlock,
    xRow,
    count
  };
};

/// Of all images, in order (MergeMomentsOp). Operands: moments, gamma, beta, running mean and variance; results mean, variance,
/// next mean, next variance, scale, shift, all zero in padding channels. A next statistic may be the running one's buffer.
/// Domain: (1, channel blocks, 1), split (1, 1, 1).
struct MergeMomentsSpec {
  double momentum = 0.1, epsilon = 1e-5;

  bool operator==(const MergeMomentsSpec &) const = default;
};

/// The same of a gradient (MergeGradSumsOp). Operands: sums, gamma, mean, variance; results dgamma, dbeta, a, b, c.
struct MergeGradSumsSpec {
  double epsilon = 1e-5;

  bool operator==(const MergeGradSumsSpec &) const = default;
};

struct MergeParam {
  enum : unsigned {
    one,
    blocks,
    alsoOne, // the domain
    images,
    pixels,   // of an image
    channels, // true count
    inImage,
    inBlock, // strides in elements; rows lie 16 apart
    count
  };
};

void emitMoments(mlir::ModuleOp module, llvm::StringRef name, const MomentsSpec &spec);
void emitGradSums(mlir::ModuleOp module, llvm::StringRef name, const GradSumsSpec &spec);
void emitMergeMoments(mlir::ModuleOp module, llvm::StringRef name, const MergeMomentsSpec &spec);
void emitMergeGradSums(mlir::ModuleOp module, llvm::StringRef name, const MergeGradSumsSpec &spec);

} // namespace skip::kernel
