// What LLVM's objcopy does for us: linked objects show only the API, and get their weights.
#pragma once

#include "codegen/Image.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace skip::codegen {

/// The libc functions that the image's library may use: what its runtime needs, and what LLVM calls of its own accord.
llvm::Expected<std::vector<std::string>> libcSymbols(const Image &image, bool trains);

struct FinishOptions {
  const Image &image;
  bool trains = false;
  llvm::ArrayRef<llvm::ArrayRef<char>> weights =
      {}; // the contents of each target's weightsSection (EmitImage.h), if there are any
};

/// Copies the ELF object `linked` with every skipmodel_* of the runtime renamed to `<name>_*`, every other defined symbol
/// local, and the weights in their section.
llvm::Error finishObject(llvm::StringRef linked, const FinishOptions &options, llvm::raw_ostream &out);

} // namespace skip::codegen
