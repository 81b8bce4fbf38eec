// The bytes that the lanes of one access name, as a few runs of bytes next to each other.
//
// Most accesses name a row, one word, or a few pieces of rows that lanes share. What must hold for the bytes of each lane is
// then asked once a run. Where lanes are near each other, 64 bits tell which units of the access's width are named, and runs of
// bits are runs of bytes; otherwise lanes that follow each other make a run.
#pragma once

#include "emulator/machine/Resolve.h"

namespace skip::emulator {

/// Of naturally aligned units of 1 << shift bytes from `low` on, of which none is further away than 63.
inline uint64_t unitsNamed(const uint64_t *at, uint32_t mask, uint64_t low, int shift) {
  uint64_t units = 0;
  SKIP_LANES
  for (int i = 0; i < 32; ++i)
    units |= uint64_t(mask >> i & 1) << (((at[i] - low) >> shift) & 63);
  return units;
}

/// Calls visit(address, bytes) for runs that together are what the lanes name, in no order, and some bytes perhaps more than
/// once. Ends where it answers false, and then answers so too. `bounds` are those of the addresses, which are multiples of
/// `bytes`.
template <class Visit> bool eachRun(const uint64_t *at, uint32_t mask, const Bounds &bounds, uint32_t bytes, Visit visit) {
  int shift = std::countr_zero(bytes);
  if ((bounds.high - bounds.low) >> shift < 64) {
    uint64_t units = unitsNamed(at, mask, bounds.low, shift), begin = bounds.low;
    while (units) {
      int gap = std::countr_zero(units), count = std::countr_one(units >> gap);
      begin += uint64_t(gap) << shift;
      if (!visit(begin, static_cast<uint32_t>(count) << shift))
        return false;
      begin += uint64_t(count) << shift;
      units = gap + count < 64 ? units >> (gap + count) : 0;
    }
    return true;
  }
  uint64_t begin = at[std::countr_zero(mask)], end = begin + bytes;
  for (uint32_t left = mask & (mask - 1); left; left &= left - 1) {
    uint64_t address = at[std::countr_zero(left)];
    if (address + bytes == end)
      continue;
    if (address != end) {
      if (!visit(begin, static_cast<uint32_t>(end - begin)))
        return false;
      begin = address;
    }
    end = address + bytes;
  }
  return visit(begin, static_cast<uint32_t>(end - begin));
}

} // namespace skip::emulator
