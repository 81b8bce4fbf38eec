// Wavefronts are played: in each, every bank serves one word, to all lanes that name it. Lanes that name another word of the
// bank stay for the next. Addresses are multiples of the access's width, so that wider accesses are the same with fewer, wider
// banks.
#include "emulator/machine/Banks.h"

#include "emulator/machine/LaneLoops.h"

#include <algorithm>
#include <bit>

namespace skip::emulator {
namespace {

/// Of the lanes `left`, none of which is nobody.
uint32_t wavefronts(const uint32_t *units, uint32_t left, uint32_t banks) {
  uint32_t served[32];
  uint32_t count = 0;
  for (; left; ++count) {
    for (uint32_t lanes = left; lanes; lanes &= lanes - 1) {
      uint32_t unit = units[std::countr_zero(lanes)];
      served[unit & (banks - 1)] = unit;
    }
    for (uint32_t lanes = left; lanes; lanes &= lanes - 1) {
      uint32_t unit = units[std::countr_zero(lanes)];
      left ^= served[unit & (banks - 1)] == unit ? lanes & -lanes : 0;
    }
  }
  return count;
}

} // namespace

uint32_t bankConflicts(const uint64_t *at, uint32_t mask, uint32_t bytes) {
  int shift = std::countr_zero(std::max<uint32_t>(bytes, 4));
  uint32_t units[32];
  SKIP_LANES
  for (int i = 0; i < 32; ++i)
    units[i] = static_cast<uint32_t>(at[i] >> shift);
  uint32_t lanes = 128u >> shift; // that go together
  uint32_t together = lanes == 32 ? ~0u : (1u << lanes) - 1;
  uint32_t conflicts = 0;
  for (uint32_t first = 0; first < 32; first += lanes)
    if (uint32_t group = mask & together << first)
      conflicts += wavefronts(units, group, lanes) - 1;
  return conflicts;
}

} // namespace skip::emulator
