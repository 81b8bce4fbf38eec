// mbarrier objects: arrivals and bytes of a phase, and what those that wait learn.
#pragma once

#include "emulator/machine/Access.h"

namespace skip::emulator {

/// The one that lives there; a fault if none does, or if whoever made it is not known to the warp.
Mbarrier &mbarrierAt(Warp &w, const SharedPlace &place, uint32_t mask);
/// `count` arrivals, after `bytes` more are expected.
void arrive(Warp &w, const SharedPlace &place, uint32_t count, uint32_t bytes, uint32_t mask);
/// Bytes that a copy of agent `agent` brought.
void completeBytes(Warp &w, const SharedPlace &place, uint32_t bytes, Epoch copy);

} // namespace skip::emulator
