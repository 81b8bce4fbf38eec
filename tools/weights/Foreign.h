// Files of other kinds that people take for checkpoints.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace skip::tool {

/// Of a file that is neither a safetensors file nor one of PyTorch: an error that says what it is, by its bytes, and what to
/// do.
llvm::Error refuseForeign(llvm::StringRef bytes, llvm::StringRef path);

/// The same of a zip archive with these members, which is none of PyTorch.
llvm::Error refuseForeignArchive(llvm::ArrayRef<llvm::StringRef> members, llvm::StringRef path);

} // namespace skip::tool
