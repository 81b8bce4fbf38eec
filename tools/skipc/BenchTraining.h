// `skipc bench --train`.
#pragma once

#include "tools/skipc/Options.h"

namespace skip::tool {

/// How fast a step of training is, gradients of all groups and update, and what memory it takes.
llvm::Error benchTraining(const Options &options);

} // namespace skip::tool
