// `explain-plan --target=cuda`.
#pragma once

#include "tools/skipc/Options.h"

namespace skip::tool {

/// Prints, for each step of the plan, how it is launched and what it is predicted to take on the GPU of --gpu.
llvm::Error explainCuda(const Options &options);

} // namespace skip::tool
