// Accesses of shared memory, the own block's and those of its cluster.
#include "emulator/machine/Banks.h"
#include "emulator/machine/Runs.h"

namespace skip::emulator {
namespace {

[[noreturn]] void failInFlight(Warp &w, const Block &block, uint32_t address, uint8_t writers, bool write, uint32_t mask) {
  if (writers == InFlight::kMbarrier)
    fail(w, FaultKind::illegalBarrier,
         std::string(write ? "writes" : "reads") + " shared memory at " + hex(address) + ", where an mbarrier lives", mask);
  fail(w, FaultKind::missingWait,
       std::string(write ? "writes" : "reads") + " shared memory at " + hex(address) + " of " + nameOf(block) +
           (writers ? ", which an asynchronous copy is still writing" : ", which something asynchronous is still reading"),
       mask);
}

void checkInFlight(Warp &w, Block &block, uint32_t offset, uint32_t bytes, bool write, uint32_t mask) {
  const InFlight &flight = block.inFlight;
  if (!flight.touches(offset, bytes, write))
    return;
  for (uint32_t at = offset & ~3u; at < offset + bytes; at += 4)
    if (flight.writers[at >> 2])
      failInFlight(w, block, at + kSharedBase, flight.writers[at >> 2], write, mask);
  if (!write)
    return;
  for (uint32_t at = offset & ~15u; at < offset + bytes; at += 16)
    if (flight.readers[at >> 4])
      failInFlight(w, block, at + kSharedBase, 0, write, mask);
}

void enterShared(Warp &w, Block &block, uint32_t offset, uint32_t bytes, const Access &access, const Party &party,
                 uint32_t mask) {
  checkInFlight(w, block, offset, bytes, access.write, mask);
  if ((!access.write || access.isAtomic) && !block.written->all(offset, bytes)) {
    uint64_t at = block.written->firstClear(offset, bytes) + kSharedBase;
    fail(w, FaultKind::uninitialised, "reads shared memory at " + hex(at) + ", which nothing ever wrote", mask);
  }
  Conflict conflict;
  if (block.cells->enter(offset, bytes, access.write, party, conflict))
    failRace(w, conflict, access.write, "shared memory", offset + kSharedBase, mask);
  if (access.write)
    block.written->mark(offset, bytes);
}

/// The same of many bytes at once, without telling what is wrong.
bool mayEnter(Block &block, uint32_t offset, uint32_t bytes, const Access &access, const Party &party) {
  Conflict conflict;
  if (block.inFlight.touches(offset, bytes, access.write) ||
      ((!access.write || access.isAtomic) && !block.written->all(offset, bytes)) ||
      block.cells->enter(offset, bytes, access.write, party, conflict))
    return false;
  if (access.write)
    block.written->mark(offset, bytes);
  return true;
}

/// Runs first. If one of them may not, lanes go one by one and tell which of them that is; to enter again where all was well
/// changes nothing. Cells are of four bytes, so narrower accesses always go one by one unless they are a row.
void enterOwn(Warp &w, const uint64_t *at, const Bounds &bounds, const Access &access, uint32_t mask) {
  Block &own = *w.block;
  Party party = partyOf(w, &own, access.strong);
  auto offsetOf = [](uint64_t address) { return static_cast<uint32_t>(address - kSharedBase); };
  if (access.bytes >= 4 && eachRun(at, mask, bounds, access.bytes, [&](uint64_t address, uint32_t bytes) {
        return mayEnter(own, offsetOf(address), bytes, access, party);
      }))
    return;
  if (isRow(at, mask, access.bytes))
    return enterShared(w, own, offsetOf(at[0]), 32 * access.bytes, access, party, mask);
  if (!access.write && isBroadcast(at, mask))
    return enterShared(w, own, offsetOf(at[0]), access.bytes, access, party, mask);
  for (uint32_t left = mask; left; left &= left - 1) {
    int lane = std::countr_zero(left);
    enterShared(w, own, offsetOf(at[lane]), access.bytes, access, party, laneBit(lane));
  }
}

void countShared(Warp &w, const uint64_t *at, const Bounds &bounds, const Access &access, uint32_t mask) {
  Counters &counters = w.run->counters;
  uint64_t bytes = uint64_t(access.bytes) * static_cast<unsigned>(std::popcount(mask));
  if (!access.write || access.isAtomic)
    counters.sharedReadBytes += bytes;
  if (access.write)
    counters.sharedWriteBytes += bytes;
  ++counters.sharedAccesses;
  if (!haveBanksOfTheirOwn(bounds.low, bounds.high, access.bytes) && !isRow(at, mask, access.bytes))
    counters.bankConflicts += bankConflicts(at, mask, access.bytes);
}

} // namespace

void resolveShared(Warp &w, uint32_t mask, uint64_t *at, const Access &access) {
  SKIP_LANES
  for (int i = 0; i < 32; ++i)
    at[i] &= ~kWindowMask;
  Bounds bounds = boundsOf(at, mask);
  checkAlignment(w, "shared", at, bounds.bits, access.bytes, mask);
  Block &own = *w.block;
  bool checks = w.run->settings.checks;
  bool inOwn = bounds.low >= kSharedBase && bounds.high + access.bytes <= uint64_t(kSharedBase) + own.sharedBytes;
  countShared(w, at, bounds, access, mask);
  if (inOwn) {
    if (checks)
      enterOwn(w, at, bounds, access, mask);
    uint64_t base = reinterpret_cast<uint64_t>(own.shared.data()) - kSharedBase;
    SKIP_LANES
    for (int i = 0; i < 32; ++i)
      at[i] += base;
    return;
  }
  Party party = partyOf(w, &own, access.strong);
  for (uint32_t left = mask; left; left &= left - 1) {
    int lane = std::countr_zero(left);
    SharedPlace place = sharedPlace(w, at[lane], laneBit(lane));
    checkShared(w, place, access.bytes, 1, laneBit(lane));
    if (checks)
      enterShared(w, *place.block, place.offset(), access.bytes, access, party, laneBit(lane));
    at[lane] = reinterpret_cast<uint64_t>(place.bytes());
  }
}

} // namespace skip::emulator
