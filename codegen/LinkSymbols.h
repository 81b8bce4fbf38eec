// The symbols of linked objects: what they need, what they show.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace skip::codegen {

/// The libc functions that a library may use: what the runtime needs, and what LLVM calls of its own accord.
llvm::Expected<std::vector<std::string>> libcSymbols();

/// Copies the ELF object `object` with every skipmodel_* of the runtime renamed to `<name>_*` and every other defined symbol
/// local.
llvm::Error showOnlyApi(llvm::StringRef object, llvm::StringRef name, llvm::raw_ostream &out);

} // namespace skip::codegen
