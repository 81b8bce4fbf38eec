#include "emulator/machine/Converged.h"

#include "emulator/machine/Faults.h"

#include <bit>

namespace skip::emulator {

void needWarp(Warp &w, uint32_t mask) {
  if (mask != w.alive)
    fail(w, FaultKind::divergence,
         "needs the whole warp, but lanes " + hex(w.alive & ~mask) + " of " + hex(w.alive) +
             " do not run it together with the others",
         mask);
}

void needFullWarp(Warp &w, uint32_t mask) {
  if (mask != ~0u)
    fail(w, FaultKind::divergence, "needs all 32 lanes of the warp, but only lanes " + hex(mask) + " run it together", mask);
}

void needMembers(Warp &w, uint32_t mask, uint32_t place) {
  const uint32_t *members = w.at<uint32_t>(place);
  uint32_t known = 0; // members of the last lane, which the next mostly names too
  for (uint32_t left = mask; left; left &= left - 1) {
    uint32_t lane = left & -left, own = members[std::countr_zero(left)];
    if (!(own & lane))
      fail(w, FaultKind::divergence, "a lane runs it that is not among the members " + hex(own), lane);
    if (own == known)
      continue;
    if (own & w.alive & ~mask)
      fail(w, FaultKind::divergence,
           "members " + hex(own) + " are named, but lanes " + hex(own & w.alive & ~mask) +
               " of them do not run it with the others",
           lane);
    for (uint32_t others = own & mask; others; others &= others - 1)
      if (members[std::countr_zero(others)] != own)
        fail(w, FaultKind::divergence,
             "lanes name different members, " + hex(own) + " and " + hex(members[std::countr_zero(others)]), others & -others);
    known = own;
  }
}

} // namespace skip::emulator
