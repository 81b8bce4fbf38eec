// A PyTorch file as a safetensors file in memory, so that all who read checkpoints read one form.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <optional>
#include <string>

namespace skip::pytorch {

struct Image {
  std::string safetensors;
  std::string note; // what was done to the file's content: for people, escaped
};

/// Takes the network's tensors: dense, row-major, F64 as F32, else of the type they have. A prefix that wrappers put before all
/// names is stripped, unless the model's names begin with it, or no `model` is given. Nothing of the file is executed. `path`
/// is for texts.
llvm::Expected<Image> readImage(llvm::StringRef file, llvm::StringRef path,
                                std::optional<llvm::ArrayRef<llvm::StringRef>> model);

} // namespace skip::pytorch
