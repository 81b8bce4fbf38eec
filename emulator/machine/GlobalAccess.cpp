// Accesses of global memory.
#include "emulator/machine/Runs.h"

namespace skip::emulator {
namespace {

void readGlobal(Warp &w, Allocation &allocation, uint64_t address, uint32_t bytes, uint32_t mask) {
  uint64_t offset = address - allocation.address;
  if (allocation.written.all(offset, bytes))
    return;
  uint64_t at = allocation.address + allocation.written.firstClear(offset, bytes);
  fail(w, FaultKind::uninitialised, "reads global memory at " + hex(at) + ", which nothing ever wrote", mask);
}

/// ld.global.nc may come from a cache that is not told of writes: no byte may be written by the launch that reads it.
void readOnlyGlobal(Warp &w, Allocation &allocation, uint64_t address, uint32_t bytes, uint32_t mask) {
  uint64_t offset = address - allocation.address;
  const Cells &cells = allocation.cellsMade();
  for (uint64_t at = offset; at < offset + bytes; ++at)
    if (cells.lastWrite(at).agent() >= w.run->firstAgent)
      fail(w, FaultKind::race, "ld.global.nc reads " + hex(allocation.address + at) + ", which this launch wrote", mask);
}

void enterGlobal(Warp &w, Allocation &allocation, uint64_t address, uint32_t bytes, const Access &access, const Party &party,
                 uint32_t mask) {
  Conflict conflict;
  if (!access.write || access.isAtomic)
    readGlobal(w, allocation, address, bytes, mask);
  Cells &cells = allocation.cellsMade();
  uint64_t offset = address - allocation.address;
  if (access.readOnly)
    readOnlyGlobal(w, allocation, address, bytes, mask);
  if (cells.enter(offset, bytes, access.write, party, conflict))
    failRace(w, conflict, access.write, "global memory", address, mask);
  if (access.write)
    allocation.written.mark(offset, bytes);
}

/// The same of many bytes at once, without telling what is wrong.
bool mayEnter(Warp &w, Allocation &allocation, uint64_t address, uint32_t bytes, const Access &access, const Party &party) {
  uint64_t offset = address - allocation.address;
  Cells &cells = allocation.cellsMade();
  Conflict conflict;
  return ((access.write && !access.isAtomic) || allocation.written.all(offset, bytes)) &&
         !(access.readOnly && cells.hasWriteFrom(offset, bytes, w.run->firstAgent)) &&
         !cells.enter(offset, bytes, access.write, party, conflict);
}

/// All lanes in runs, where nothing is wrong; otherwise lanes must go one by one and tell what is. To enter again where all was
/// well changes nothing.
bool enterRuns(Warp &w, Allocation &allocation, const uint64_t *at, const Bounds &bounds, const Access &access,
               const Party &party, uint32_t mask) {
  if (!eachRun(at, mask, bounds, access.bytes,
               [&](uint64_t address, uint32_t bytes) { return mayEnter(w, allocation, address, bytes, access, party); }))
    return false;
  if (access.write)
    eachRun(at, mask, bounds, access.bytes, [&](uint64_t address, uint32_t bytes) {
      allocation.written.mark(address - allocation.address, bytes);
      return true;
    });
  return true;
}

void countGlobal(Warp &w, const Access &access, uint32_t mask) {
  uint64_t bytes = uint64_t(access.bytes) * static_cast<unsigned>(std::popcount(mask));
  if (!access.write || access.isAtomic)
    w.run->counters.globalReadBytes += bytes;
  if (access.write)
    w.run->counters.globalWriteBytes += bytes;
}

} // namespace

void resolveGlobal(Warp &w, uint32_t mask, uint64_t *at, const Access &access) {
  Bounds bounds = boundsOf(at, mask);
  checkAlignment(w, "global", at, bounds.bits, access.bytes, mask);
  Run &run = *w.run;
  countGlobal(w, access, mask);
  Allocation *all = run.cached;
  if (!all || !all->holds(bounds.low, 1))
    all = run.cached = run.memory->find(bounds.low);
  bool one = all && all->holds(bounds.low, bounds.high - bounds.low + access.bytes);
  if (!run.settings.checks) {
    if (!one)
      for (int i = 0; i < 32; ++i)
        if (mask >> i & 1)
          checkGlobal(w, at[i], access.bytes, 1, laneBit(i));
    if (access.write && one && isRow(at, mask, access.bytes)) // host code that asks later must not be told otherwise
      all->written.mark(at[0] - all->address, 32 * access.bytes);
    else if (access.write)
      for (uint32_t left = mask; left; left &= left - 1) {
        Allocation &allocation = one ? *all : checkGlobal(w, at[std::countr_zero(left)], access.bytes, 1);
        allocation.written.mark(at[std::countr_zero(left)] - allocation.address, access.bytes);
      }
    return;
  }
  checkGridWait(w, mask);
  Party party = partyOf(w, nullptr, access.strong);
  if (one && access.bytes >= 4 && enterRuns(w, *all, at, bounds, access, party, mask))
    return;
  if (one && isRow(at, mask, access.bytes))
    return enterGlobal(w, *all, at[0], access.bytes * 32, access, party, mask);
  if (one && !access.write && isBroadcast(at, mask))
    return enterGlobal(w, *all, at[0], access.bytes, access, party, mask);
  for (uint32_t left = mask; left; left &= left - 1) {
    int lane = std::countr_zero(left);
    Allocation &allocation = one ? *all : checkGlobal(w, at[lane], access.bytes, 1, laneBit(lane));
    enterGlobal(w, allocation, at[lane], access.bytes, access, party, laneBit(lane));
  }
}

} // namespace skip::emulator
