// Which warp runs next, and for how long.
#pragma once

#include "emulator/machine/State.h"

namespace skip::emulator {

/// Runs the launch that `run` holds to its end; throws Fault.
void runToEnd(Run &run);

} // namespace skip::emulator
