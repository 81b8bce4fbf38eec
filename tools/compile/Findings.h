// What the front end says, for programs.
#pragma once

#include "frontend/Diagnostics.h"
#include "tools/text/Failure.h"

namespace skip::tool {

/// All that is shown of `diagnostics`, in the same order; a hint is the edit that is right.
std::vector<Finding> findingsOf(const frontend::Diagnostics &diagnostics, const frontend::Sources &sources);

} // namespace skip::tool
