// What the mappers of layers share.
#pragma once

#include "tools/import/NodeMapping.h"

namespace skip::onnx {

/// A bias is a vector of a number for each channel.
llvm::Error checkBias(const NodeMapping &node, const Constant &bias, int64_t channels);

/// The product of a vector and a matrix, [outputs, depth], or transposed.
llvm::Error addLinear(NodeMapping &node, const Mapped &x, const Constant &weight, bool transposed, const Constant *bias,
                      std::vector<int64_t> dims);

/// A vector as an image of one pixel: of a mean over the image, without making a vector of it at all.
llvm::Expected<ValueId> pixelOf(NodeMapping &node, ValueId x);

} // namespace skip::onnx
