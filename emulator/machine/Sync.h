// How knowledge passes between warps: fences, strong accesses to one address, barriers.
#pragma once

#include "emulator/machine/State.h"

namespace skip::emulator {

/// fence.acq_rel, fence.sc, membar.
void fence(Warp &w, Scope scope);
/// fence.proxy.async: what the warp knows of may be read by asynchronous copies and products.
void fenceProxy(Warp &w);
/// A strong write to an address: what the last fence released, or with `now` all that the warp knows.
void publish(Warp &w, uint64_t host, bool now, Scope scope);
/// A strong read: taken over at the next fence, or with `now` at once.
void observe(Warp &w, uint64_t host, bool now, Scope scope);

} // namespace skip::emulator
