// Tensors that a checkpoint has, and whose elements Skip does not read.
#pragma once

#include "llvm/ADT/SmallVector.h"

#include <optional>
#include <string>

namespace skip::tool {

/// A quantized tensor, a sparse one, one of a type that safetensors lacks: an error where the model reads it, and only there.
struct UnreadableTensor {
  std::string name;
  std::string kind; ///< as it may be shown: `quantized qint8`
  std::optional<llvm::SmallVector<int64_t, 4>> shape;
};

} // namespace skip::tool
