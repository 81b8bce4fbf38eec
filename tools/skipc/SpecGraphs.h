// The graphs of several SPECs, for commands that look at what all of them compute.
#pragma once

#include "tools/compile/Compile.h"
#include "tools/skipc/Options.h"

namespace skip::tool {

/// Reads and optimizes the graph of each SPEC in turn, of the step that trains it too where that is asked for, and shows it.
llvm::Error forEachGraph(const Options &options, llvm::function_ref<void(Compilation &)> visit);

} // namespace skip::tool
