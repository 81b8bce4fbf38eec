// What the ways of resolving addresses share, one a state space.
#pragma once

#include "emulator/machine/Access.h"
#include "emulator/machine/Faults.h"

#include <algorithm>
#include <bit>

namespace skip::emulator {

inline uint32_t laneBit(int lane) { return uint32_t(1) << lane; }

struct Bounds {
  uint64_t low = ~uint64_t(0), high = 0, bits = 0;
};

inline Bounds boundsOf(const uint64_t *at, uint32_t mask) {
  Bounds bounds;
  if (mask == ~0u) {
    for (int i = 0; i < 32; ++i) {
      bounds.low = std::min(bounds.low, at[i]);
      bounds.high = std::max(bounds.high, at[i]);
      bounds.bits |= at[i];
    }
    return bounds;
  }
  for (uint32_t left = mask; left; left &= left - 1) {
    uint64_t address = at[std::countr_zero(left)];
    bounds.low = std::min(bounds.low, address);
    bounds.high = std::max(bounds.high, address);
    bounds.bits |= address;
  }
  return bounds;
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
  for (int i = 0; i < 32; ++i)
    different |= at[i] - at[0] - uint64_t(i) * bytes;
  return different == 0;
}

inline bool isBroadcast(const uint64_t *at, uint32_t mask) {
  uint64_t different = 0;
  for (int i = 0; i < 32; ++i)
    different |= at[i] ^ at[0];
  return mask == ~0u && different == 0;
}

void resolveGlobal(Warp &w, uint32_t mask, uint64_t *at, const Access &access);
void resolveShared(Warp &w, uint32_t mask, uint64_t *at, const Access &access);

} // namespace skip::emulator
