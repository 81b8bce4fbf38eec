// Wavefronts are played: in each, every bank serves one word, to all lanes that name it. Lanes that name another word of the
// bank stay for the next. Addresses are multiples of the access's width, so that wider accesses are the same with fewer, wider
// banks.
#include "emulator/machine/Banks.h"

#include "emulator/machine/LaneLoops.h"

#include <algorithm>
#include <bit>

namespace skip::emulator {
namespace {

/// Of `lanes` lanes and as many banks.
uint32_t wavefronts(const uint32_t *units, uint32_t lanes) {
  uint32_t served[32];
  uint32_t left = 0, count = 1;
  for (uint32_t i = 0; i < lanes; ++i)
    served[units[i] & (lanes - 1)] = units[i];
  for (uint32_t i = 0; i < lanes; ++i)
    left |= uint32_t(served[units[i] & (lanes - 1)] != units[i]) << i;
  for (; left; ++count) {
    for (uint32_t some = left; some; some &= some - 1) {
      uint32_t unit = units[std::countr_zero(some)];
      served[unit & (lanes - 1)] = unit;
    }
    for (uint32_t some = left; some; some &= some - 1) {
      uint32_t unit = units[std::countr_zero(some)];
      left ^= served[unit & (lanes - 1)] == unit ? some & -some : 0;
    }
  }
  return count;
}

} // namespace

uint32_t bankConflicts(const uint64_t *at, uint32_t mask, uint32_t bytes) {
  int shift = std::countr_zero(std::max<uint32_t>(bytes, 4));
  uint32_t lanes = 128u >> shift; // that go together
  uint32_t conflicts = 0;
  for (uint32_t first = 0; first < 32; first += lanes) {
    uint32_t group = mask >> first & static_cast<uint32_t>((uint64_t(1) << lanes) - 1);
    if (group == 0)
      continue;
    uint64_t any = at[first + static_cast<uint32_t>(std::countr_zero(group))]; // lanes that name nothing join one that does
    uint32_t units[32];
    SKIP_LANES
    for (uint32_t i = 0; i < lanes; ++i)
      units[i] = static_cast<uint32_t>((group >> i & 1 ? at[first + i] : any) >> shift);
    conflicts += wavefronts(units, lanes) - 1;
  }
  return conflicts;
}

} // namespace skip::emulator
