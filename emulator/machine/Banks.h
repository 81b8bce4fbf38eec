// Conflicts of shared memory's 32 banks.
#pragma once

#include <cstdint>

namespace skip::emulator {

/// How many wavefronts an access takes beyond those that its width needs: lanes that name different words of one bank wait for
/// each other. Eight bytes a lane go in halves of a warp, sixteen in quarters.
uint32_t bankConflicts(const uint64_t *at, uint32_t mask, uint32_t bytes);

} // namespace skip::emulator
