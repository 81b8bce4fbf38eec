// Conflicts of shared memory's 32 banks.
#pragma once

#include <cstdint>

namespace skip::emulator {

/// How many wavefronts an access takes beyond those that its width needs: lanes that name different words of one bank wait for
/// each other. Eight bytes a lane go in halves of a warp, sixteen in quarters. Addresses are multiples of `bytes`.
uint32_t bankConflicts(const uint64_t *at, uint32_t mask, uint32_t bytes);

/// Whether all that lies from `low` to the end of the `bytes` at `high` has a bank of its own, or shares its word: no
/// conflicts.
inline bool haveBanksOfTheirOwn(uint64_t low, uint64_t high, uint32_t bytes) {
  return ((high + bytes - 1) >> 2) - (low >> 2) < 32;
}

} // namespace skip::emulator
