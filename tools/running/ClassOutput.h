// Which of a model's outputs are the classes of a picture.
#pragma once

#include "tools/compile/Ports.h"

#include "llvm/Support/Error.h"

namespace skip::tool {

/// The index of the output `name`, or where that is empty of the only one that can be classes. An error where there is none, or
/// more than one; or where the output that is named cannot be classes: it must be a vector of two elements or more.
llvm::Expected<size_t> classOutput(const Ports &ports, llvm::StringRef name);

} // namespace skip::tool
