#include "emulator/machine/Mbarriers.h"

#include "emulator/machine/Faults.h"
#include "emulator/machine/Paths.h"

namespace skip::emulator {
namespace {

constexpr int64_t kMostBytes = (1 << 20) - 1;

void tryComplete(const SharedPlace &place, Mbarrier &barrier) {
  if (barrier.pending != 0 || barrier.transactions != 0)
    return;
  ++barrier.phase;
  barrier.pending = barrier.expected;
  barrier.completed = barrier.collected; // what came before stays known
  wake(*place.block->cluster, Waiting::mbarrier, place.block, place.address);
}

void checkBytes(Warp &w, const SharedPlace &place, const Mbarrier &barrier, uint32_t mask) {
  if (barrier.transactions > kMostBytes || barrier.transactions < -kMostBytes)
    fail(w, FaultKind::illegalBarrier,
         "mbarrier " + hex(place.address) + " counts " + std::to_string(barrier.transactions) + " bytes, more than it can",
         mask);
}

} // namespace

Mbarrier &mbarrierAt(Warp &w, const SharedPlace &place, uint32_t mask) {
  checkShared(w, place, 8, 8, mask);
  auto found = place.block->mbarriers.find(place.address);
  if (found == place.block->mbarriers.end())
    fail(w, FaultKind::illegalBarrier, "there is no mbarrier at " + hex(place.address) + " of " + nameOf(*place.block), mask);
  Mbarrier &barrier = found->second;
  if (w.run->settings.checks && !w.knows.generic.knows(barrier.made))
    fail(w, FaultKind::race,
         "uses mbarrier " + hex(place.address) + ", which " + describe(*w.run, barrier.made.agent()) +
             " initialised, with nothing to order the two",
         mask);
  if (w.run->settings.checks && place.block != w.block && !barrier.isFenced)
    fail(w, FaultKind::missingFence,
         "uses mbarrier " + hex(place.address) + " of " + nameOf(*place.block) +
             ", which was initialised without fence.mbarrier_init",
         mask);
  return barrier;
}

void arrive(Warp &w, const SharedPlace &place, uint32_t count, uint32_t bytes, uint32_t mask) {
  Mbarrier &barrier = mbarrierAt(w, place, mask);
  barrier.transactions += bytes;
  checkBytes(w, place, barrier, mask);
  if (count > barrier.pending)
    fail(w, FaultKind::illegalBarrier,
         "arrives " + std::to_string(count) + " times at mbarrier " + hex(place.address) + ", which expects " +
             std::to_string(barrier.pending) + " more in this phase",
         mask);
  barrier.pending -= count;
  if (w.run->settings.checks) {
    barrier.collected.join(w.knows);
    w.tick();
  }
  tryComplete(place, barrier);
}

void completeBytes(Warp &w, const SharedPlace &place, uint32_t bytes, Epoch copy) {
  auto found = place.block->mbarriers.find(place.address);
  if (found == place.block->mbarriers.end())
    fail(w, FaultKind::illegalBarrier, "a copy ends at mbarrier " + hex(place.address) + ", which is gone");
  Mbarrier &barrier = found->second;
  barrier.transactions -= bytes;
  checkBytes(w, place, barrier, ~0u);
  if (w.run->settings.checks)
    barrier.collected.generic.raise(copy.agent(), copy.clock());
  tryComplete(place, barrier);
}

} // namespace skip::emulator
