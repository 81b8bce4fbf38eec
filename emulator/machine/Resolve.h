// What the ways of resolving addresses share, one a state space.
#pragma once

#include "emulator/machine/Access.h"
#include "emulator/machine/Faults.h"
#include "emulator/machine/LaneLoops.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace skip::emulator {

inline uint32_t laneBit(int lane) { return uint32_t(1) << lane; }

struct Bounds {
  uint64_t low = 0, high = 0, bits = 0; // bits: all that any address has
};

/// Compared with their sign, which vectors can: of an address beyond 2^63, which is in no space, `low` becomes one of those.
inline Bounds boundsOf(const uint64_t *at, uint32_t mask) {
  uint64_t any = at[std::countr_zero(mask)], bits = 0;
  int64_t low = std::numeric_limits<int64_t>::max(), high = std::numeric_limits<int64_t>::min();
  SKIP_LANES
  for (int i = 0; i < 32; ++i) {
    uint64_t address = mask >> i & 1 ? at[i] : any;
    low = std::min(low, static_cast<int64_t>(address));
    high = std::max(high, static_cast<int64_t>(address));
    bits |= address;
  }
  return {static_cast<uint64_t>(low), static_cast<uint64_t>(high), bits};
}

[[noreturn]] inline void failAlignment(Warp &w, std::string_view space, uint64_t address, uint32_t bytes, uint32_t mask) {
  fail(w, FaultKind::misaligned,
       std::string(space) + " address " + hex(address) + " is no multiple of " + std::to_string(bytes), mask);
}

inline void checkAlignment(Warp &w, std::string_view space, const uint64_t *at, uint64_t bits, uint32_t bytes, uint32_t mask) {
  if ((bits & (bytes - 1)) == 0)
    return;
  for (int i = 0; i < 32; ++i)
    if (mask >> i & 1 && at[i] & (bytes - 1))
      failAlignment(w, space, at[i], bytes, laneBit(i));
}

/// All lanes next to each other: then one check is enough for all of them.
inline bool isRow(const uint64_t *at, uint32_t mask, uint32_t bytes) {
  if (mask != ~0u || at[31] - at[0] != 31 * uint64_t(bytes))
    return false;
  uint64_t different = 0;
  SKIP_LANES
  for (int i = 0; i < 32; ++i)
    different |= at[i] - at[0] - uint64_t(i) * bytes;
  return different == 0;
}

inline bool isBroadcast(const uint64_t *at, uint32_t mask) {
  uint64_t different = 0;
  SKIP_LANES
  for (int i = 0; i < 32; ++i)
    different |= at[i] ^ at[0];
  return mask == ~0u && different == 0;
}

void resolveGlobal(Warp &w, uint32_t mask, uint64_t *at, const Access &access);
void resolveShared(Warp &w, uint32_t mask, uint64_t *at, const Access &access);

} // namespace skip::emulator
