// Nothing that a command reads is lost to what it writes.
#pragma once

#include "tools/skipc/Options.h"

#include "llvm/Support/Error.h"

namespace skip::tool {

/// Refuses to write `output`, which `flag` names, where what the command reads lies: the spec, the checkpoint, tensors,
/// pictures, class names, and pictures and labels of the data set. An empty one is none.
llvm::Error refuseOverwriting(const Options &options, llvm::StringRef flag, llvm::StringRef output);

} // namespace skip::tool
