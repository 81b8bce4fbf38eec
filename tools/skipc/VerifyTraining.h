// `skipc verify --train`.
#pragma once

#include "tools/skipc/Options.h"

namespace skip::tool {

/// Each step of a group's gradients against the double-precision reference, on `bodies`.
llvm::Error verifyTraining(const Options &options, const std::vector<Body> &bodies);

} // namespace skip::tool
