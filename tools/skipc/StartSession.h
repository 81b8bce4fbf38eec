// A model that a command runs in its own process.
#pragma once

#include "tools/running/Session.h"
#include "tools/skipc/Options.h"

namespace skip::tool {

/// Compiles for up to so many images, for the body that --isa and the machine decide on, with the weights of --weights.
llvm::Expected<Session> startSession(const Options &options, Compilation &compilation, const std::vector<int64_t> &bounds);

} // namespace skip::tool
