// `skipc tune --compile-only`: candidates for a GPU that is not here.
#pragma once

#include "tools/skipc/Options.h"

namespace skip::tool {

/// Compiles what is worth measuring of the SPECs' contractions on `target` into the folder of --compile-only, for skip-time. An
/// error for targets whose candidates are measured here, and without a folder or SPECs.
llvm::Error compileCandidates(const Options &options, Target target);

} // namespace skip::tool
