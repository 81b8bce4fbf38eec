// Instructions that need lanes together.
#pragma once

#include "emulator/machine/State.h"

namespace skip::emulator {

/// `.aligned`: all threads of the warp that have not ended run it together.
void needWarp(Warp &w, uint32_t mask);
/// All 32, none ended: matrix instructions.
void needFullWarp(Warp &w, uint32_t mask);
/// `.sync` with a mask of members, which register `place` holds: those that run it are the members that have not ended. Lanes
/// may name several groups that have none in common; calls f(lanes) for each.
void needMembers(Warp &w, uint32_t mask, uint32_t place);
template <class F> void eachGroup(Warp &w, uint32_t mask, uint32_t place, F f) {
  needMembers(w, mask, place);
  while (mask) {
    uint32_t group = mask & w.at<uint32_t>(place)[__builtin_ctz(mask)];
    f(group);
    mask &= ~group;
  }
}

} // namespace skip::emulator
