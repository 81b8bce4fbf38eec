// The sum over all images and pixels of each channel: the gradient of a bias.
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace skip::kernel {

/// Operands: input (blocked), result (a vector). Domain: (1, channel blocks, 1), split (1, 1, 1): images are summed in order,
/// in doubles.
struct ChannelSumsSpec {
  bool operator==(const ChannelSumsSpec &) const = default;
};

struct ChannelSumsParam {
  enum : unsigned {
    one,
    blocks,
    alsoOne, // the domain
    images,
    rows,
    columns,
    inImage,
    inBlock,
    inRow, // strides in elements
    count
  };
};

void emitChannelSums(mlir::ModuleOp module, llvm::StringRef name, const ChannelSumsSpec &spec);

} // namespace skip::kernel
