// What loads, stores and atomics share when they are decoded.
#pragma once

#include "emulator/machine/Access.h"
#include "emulator/machine/ops/Lanes.h"

namespace skip::emulator {

/// The state space, generic if none is written. `.param` is told apart by its operand.
Space takeMemorySpace(Decoding &d);
/// `.relaxed.gpu` and its like, `.volatile` and `.weak`; into in.order and in.scope.
void takeOrder(Decoding &d);
/// What an acquire or a release of a strong access does to clocks; `at` are the host's addresses.
void releaseAt(Warp &w, const Instruction &in, uint64_t host);
void acquireAt(Warp &w, const Instruction &in, uint64_t host);

} // namespace skip::emulator
