#include "emulator/machine/Banks.h"

#include <algorithm>
#include <bit>

namespace skip::emulator {
namespace {

/// Of at most 32 words.
uint32_t wavefronts(const uint32_t *words, int count) {
  uint32_t banks = 0;
  for (int i = 0; i < count; ++i)
    banks |= 1u << (words[i] & 31);
  if (std::popcount(banks) == count)
    return 1;
  uint32_t seen[32][32];
  uint8_t counts[32] = {};
  uint32_t most = 1;
  for (int i = 0; i < count; ++i) {
    uint32_t bank = words[i] & 31;
    uint32_t *end = seen[bank] + counts[bank];
    if (std::find(seen[bank], end, words[i]) != end)
      continue;
    *end = words[i];
    most = std::max<uint32_t>(most, ++counts[bank]);
  }
  return most;
}

} // namespace

uint32_t bankConflicts(const uint64_t *at, uint32_t mask, uint32_t bytes) {
  int lanes = bytes <= 4 ? 32 : bytes == 8 ? 16 : 8;
  int each = bytes <= 4 ? 1 : static_cast<int>(bytes / 4);
  uint32_t conflicts = 0;
  for (int first = 0; first < 32; first += lanes) {
    uint32_t words[32];
    int count = 0;
    for (int lane = first; lane < first + lanes; ++lane)
      if (mask >> lane & 1)
        for (int i = 0; i < each; ++i)
          words[count++] = static_cast<uint32_t>(at[lane] >> 2) + static_cast<uint32_t>(i);
    if (count)
      conflicts += wavefronts(words, count) - 1;
  }
  return conflicts;
}

} // namespace skip::emulator
