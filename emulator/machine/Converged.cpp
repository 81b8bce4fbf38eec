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
  uint32_t wanted = members[std::countr_zero(mask)];
  for (uint32_t left = mask; left; left &= left - 1) {
    uint32_t own = members[std::countr_zero(left)];
    if (own != wanted)
      fail(w, FaultKind::divergence, "lanes name different members, " + hex(own) + " and " + hex(wanted), left & -left);
    if (!(own & left & -left))
      fail(w, FaultKind::divergence, "a lane runs it that is not among the members " + hex(own), left & -left);
  }
  if (wanted & w.alive & ~mask)
    fail(w, FaultKind::divergence,
         "members " + hex(wanted) + " are named, but lanes " + hex(wanted & w.alive & ~mask) +
             " of them do not run it with the others",
         mask);
}

} // namespace skip::emulator
