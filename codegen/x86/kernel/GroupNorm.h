// Group norm: each image by the mean and variance of groups of its channels, and what follows it.
#pragma once

#include "codegen/kernel/Epilogue.h"

#include "mlir/IR/BuiltinOps.h"

namespace skip::kernel {

/// y = gamma (x - mean) / sqrt(variance + epsilon) + beta, then the chain. Operands: x (blocked), its moments (blocked [N, C,
/// 2, 1] without halo, as `moments` leaves them), gamma, beta, the chain's operands, result (blocked). Domain: (images, channel
/// blocks, 1), split (1, 1, 1).
struct GroupNormSpec {
  int64_t groupChannels = 1; // of a group
  double epsilon = 1e-5;
  Epilogue epilogue;
  int64_t lastLanes = 0; // of the result's last block, 0 where it is full

  bool operator==(const GroupNormSpec &) const = default;
};

struct GroupNormParam {
  enum : unsigned {
    images,
    blocks,
    one, // the domain
    rows,
    columns,
    channels,
    inImage,
    inBlock,
    inRow,
    momentsImage,
    momentsBlock,
    outImage,
    outBlock,
    outRow,  // strides in elements
    outHalo, // zeros to write around each picture
    count    // then for each tensor of the chain its strides: image, block, row
  };
};

void emitGroupNorm(mlir::ModuleOp module, llvm::StringRef name, const GroupNormSpec &spec);

} // namespace skip::kernel
