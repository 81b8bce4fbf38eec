// Commands to run, for notes and errors: complete, as they can be pasted.
#pragma once

#include "tools/skipc/Options.h"

namespace skip::tool {

/// `skipc COMMAND SPEC`, with what the user defined of the spec.
std::string commandOnSpec(const Options &options, llvm::StringRef command);

/// The `skipc tune` that measures on this machine all that `options` builds. An export that --db names is left out: it is only
/// read.
std::string tuneCommand(const Options &options);

/// The command line as it was given, without `left`, flags that take a value, and with `more` behind it.
std::string sameCommand(const Options &options, llvm::StringRef more = "", llvm::ArrayRef<llvm::StringRef> left = {});

} // namespace skip::tool
