// Long lines, for a terminal of so many columns.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <string>

namespace skip::tool {

/// Lines that are longer than `width` are broken at blanks, and go on below their text: behind the gap of two blanks or more
/// that follows an option's name, else below their first letter. What was broken by hand there already is filled anew. A
/// command line
/// (`skipc ...`) goes on behind a backslash, so that it may still be copied. A word that is longer than a line stays whole.
std::string wrapped(llvm::StringRef text, size_t width);

/// "1 thread", "2 threads".
std::string counted(uint64_t count, llvm::StringRef noun);

} // namespace skip::tool
