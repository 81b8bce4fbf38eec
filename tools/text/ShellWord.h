// Words of commands that people are told to run.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <string>

namespace skip::tool {

/// The word as a POSIX shell reads it back, in characters that a terminal shows.
std::string shellWord(llvm::StringRef word);

} // namespace skip::tool
