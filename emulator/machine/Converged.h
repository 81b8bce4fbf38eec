// Instructions that need lanes together.
#pragma once

#include "emulator/machine/State.h"

namespace skip::emulator {

/// `.aligned`: all threads of the warp that have not ended run it together.
void needWarp(Warp &w, uint32_t mask);
/// All 32, none ended: matrix instructions.
void needFullWarp(Warp &w, uint32_t mask);
/// `.sync` with a mask of members: those that run it are the members that have not ended.
void needMembers(Warp &w, uint32_t mask, uint32_t place);

} // namespace skip::emulator
