// A PyTorch file as a safetensors file in memory, so that all who read checkpoints read one form.
#pragma once

#include "tools/weights/Unreadable.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace skip::pytorch {

struct Image {
  std::string safetensors;
  std::vector<tool::UnreadableTensor> unreadable; // those that have no place there
  std::string note;                               // what was done to the file's content: for people, escaped
};

/// Takes the network's tensors, in the file's order: dense, row-major, of the type they have. Nothing of the
/// file is executed. `path` is for texts.
llvm::Expected<Image> readImage(llvm::StringRef file, llvm::StringRef path);

} // namespace skip::pytorch
