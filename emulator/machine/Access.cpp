#include "emulator/machine/Access.h"

#include "emulator/machine/Banks.h"
#include "emulator/machine/Faults.h"

#include <algorithm>
#include <bit>

namespace skip::emulator {
namespace {

uint32_t laneBit(int lane) { return uint32_t(1) << lane; }

struct Bounds {
  uint64_t low = ~uint64_t(0), high = 0, bits = 0;
};

Bounds boundsOf(const uint64_t *at, uint32_t mask) {
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

[[noreturn]] void failAlignment(Warp &w, std::string_view space, uint64_t address, uint32_t bytes, uint32_t mask) {
  fail(w, FaultKind::misaligned,
       std::string(space) + " address " + hex(address) + " is no multiple of " + std::to_string(bytes), mask);
}

void checkAlignment(Warp &w, std::string_view space, const uint64_t *at, uint64_t bits, uint32_t bytes, uint32_t mask) {
  if ((bits & (bytes - 1)) == 0)
    return;
  for (int i = 0; i < 32; ++i)
    if (mask >> i & 1 && at[i] & (bytes - 1))
      failAlignment(w, space, at[i], bytes, laneBit(i));
}

/// All lanes next to each other: then one check is enough for all of them.
bool isRow(const uint64_t *at, uint32_t mask, uint32_t bytes) {
  if (mask != ~0u || at[31] - at[0] != 31 * uint64_t(bytes))
    return false;
  uint64_t different = 0;
  for (int i = 0; i < 32; ++i)
    different |= at[i] - at[0] - uint64_t(i) * bytes;
  return different == 0;
}

bool isBroadcast(const uint64_t *at, uint32_t mask) {
  uint64_t different = 0;
  for (int i = 0; i < 32; ++i)
    different |= at[i] ^ at[0];
  return mask == ~0u && different == 0;
}

void readGlobal(Warp &w, Allocation &allocation, uint64_t address, uint32_t bytes, uint32_t mask) {
  uint64_t offset = address - allocation.address;
  if (allocation.written.all(offset, bytes))
    return;
  uint64_t at = allocation.address + allocation.written.firstClear(offset, bytes);
  fail(w, FaultKind::uninitialised, "reads global memory at " + hex(at) + ", which nothing ever wrote", mask);
}

void enterGlobal(Warp &w, Allocation &allocation, uint64_t address, uint32_t bytes, const Access &access, const Party &party,
                 uint32_t mask) {
  Conflict conflict;
  if (!access.write || access.isAtomic)
    readGlobal(w, allocation, address, bytes, mask);
  Cells &cells = allocation.cellsMade();
  uint64_t offset = address - allocation.address;
  if (access.readOnly && cells.lastWrite(offset).agent() >= w.run->firstAgent)
    fail(w, FaultKind::race, "ld.global.nc reads " + hex(address) + ", which this launch wrote", mask);
  if (cells.enter(offset, bytes, access.write, party, conflict))
    failRace(w, conflict, access.write, "global memory", address, mask);
  if (access.write)
    allocation.written.mark(offset, bytes);
}

void countGlobal(Warp &w, const Access &access, uint32_t mask) {
  uint64_t bytes = uint64_t(access.bytes) * static_cast<unsigned>(std::popcount(mask));
  if (!access.write || access.isAtomic)
    w.run->counters.globalReadBytes += bytes;
  if (access.write)
    w.run->counters.globalWriteBytes += bytes;
}

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
    if (access.write) // host code that asks later must not be told otherwise
      for (uint32_t left = mask; left; left &= left - 1) {
        Allocation &allocation = one ? *all : checkGlobal(w, at[std::countr_zero(left)], access.bytes, 1);
        allocation.written.mark(at[std::countr_zero(left)] - allocation.address, access.bytes);
      }
    return;
  }
  checkGridWait(w, mask);
  Party party = partyOf(w, nullptr, access.strong);
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

void countShared(Warp &w, const uint64_t *at, const Access &access, uint32_t mask) {
  Counters &counters = w.run->counters;
  uint64_t bytes = uint64_t(access.bytes) * static_cast<unsigned>(std::popcount(mask));
  if (!access.write || access.isAtomic)
    counters.sharedReadBytes += bytes;
  if (access.write)
    counters.sharedWriteBytes += bytes;
  ++counters.sharedAccesses;
  counters.bankConflicts += bankConflicts(at, mask, access.bytes);
}

void resolveShared(Warp &w, uint32_t mask, uint64_t *at, const Access &access) {
  for (int i = 0; i < 32; ++i)
    at[i] &= ~kWindowMask;
  Bounds bounds = boundsOf(at, mask);
  checkAlignment(w, "shared", at, bounds.bits, access.bytes, mask);
  Block &own = *w.block;
  bool checks = w.run->settings.checks;
  bool inOwn = bounds.low >= kSharedBase && bounds.high + access.bytes <= uint64_t(kSharedBase) + own.sharedBytes;
  countShared(w, at, access, mask);
  Party party = partyOf(w, &own, access.strong);
  if (inOwn) {
    if (checks && isRow(at, mask, access.bytes))
      enterShared(w, own, static_cast<uint32_t>(at[0] - kSharedBase), 32 * access.bytes, access, party, mask);
    else if (checks && !access.write && isBroadcast(at, mask))
      enterShared(w, own, static_cast<uint32_t>(at[0] - kSharedBase), access.bytes, access, party, mask);
    else if (checks)
      for (uint32_t left = mask; left; left &= left - 1)
        enterShared(w, own, static_cast<uint32_t>(at[std::countr_zero(left)] - kSharedBase), access.bytes, access, party,
                    laneBit(std::countr_zero(left)));
    uint64_t base = reinterpret_cast<uint64_t>(own.shared.data()) - kSharedBase;
    for (int i = 0; i < 32; ++i)
      at[i] += base;
    return;
  }
  for (uint32_t left = mask; left; left &= left - 1) {
    int lane = std::countr_zero(left);
    SharedPlace place = sharedPlace(w, at[lane], laneBit(lane));
    checkShared(w, place, access.bytes, 1, laneBit(lane));
    if (checks)
      enterShared(w, *place.block, place.offset(), access.bytes, access, party, laneBit(lane));
    at[lane] = reinterpret_cast<uint64_t>(place.bytes());
  }
}

void resolveLocal(Warp &w, uint32_t mask, uint64_t *at, const Access &access) {
  for (uint32_t left = mask; left; left &= left - 1) {
    int lane = std::countr_zero(left);
    uint64_t offset = at[lane] & ~kWindowMask;
    if (offset & (access.bytes - 1))
      failAlignment(w, "local", offset, access.bytes, laneBit(lane));
    if (offset + access.bytes > w.localBytes)
      fail(w, FaultKind::outOfBounds,
           "local address " + hex(offset) + " is beyond the " + std::to_string(w.localBytes) + " bytes of a thread",
           laneBit(lane));
    uint64_t place = uint64_t(lane) * w.localBytes + offset;
    if (w.run->settings.checks && !access.write && !w.localWritten->all(place, access.bytes))
      fail(w, FaultKind::uninitialised, "reads local memory at " + hex(offset) + ", which nothing ever wrote", laneBit(lane));
    if (access.write)
      w.localWritten->mark(place, access.bytes);
    at[lane] = reinterpret_cast<uint64_t>(w.local.data()) + place;
  }
}

void resolveParam(Warp &w, uint32_t mask, uint64_t *at, const Access &access) {
  const std::vector<std::byte> &params = w.run->launch->params;
  for (uint32_t left = mask; left; left &= left - 1) {
    int lane = std::countr_zero(left);
    uint64_t offset = at[lane] & ~kWindowMask;
    if (offset & (access.bytes - 1))
      failAlignment(w, "parameter", offset, access.bytes, laneBit(lane));
    if (access.write || offset + access.bytes > params.size())
      fail(w, FaultKind::outOfBounds,
           access.write ? "writes to a parameter" : "parameter address " + hex(offset) + " is beyond the parameters",
           laneBit(lane));
    at[lane] = reinterpret_cast<uint64_t>(params.data()) + offset;
  }
}

/// Lanes may name different windows: each takes its own way.
void resolveGeneric(Warp &w, uint32_t mask, uint64_t *at, const Access &access) {
  struct Window {
    uint64_t bits;
    void (*way)(Warp &, uint32_t, uint64_t *, const Access &);
  };
  static constexpr Window kWindows[] = {
      {0, resolveGlobal}, {kSharedWindow, resolveShared}, {kLocalWindow, resolveLocal}, {kParamWindow, resolveParam}};
  for (auto [window, way] : kWindows) {
    uint32_t lanes = 0;
    for (int i = 0; i < 32; ++i)
      lanes |= static_cast<uint32_t>((at[i] & kWindowMask) == window) << i;
    lanes &= mask;
    if (lanes == 0)
      continue;
    // A way may turn lanes that are not its own into anything.
    uint64_t mine[32];
    std::copy(at, at + 32, mine);
    way(w, lanes, mine, access);
    for (uint32_t left = lanes; left; left &= left - 1)
      at[std::countr_zero(left)] = mine[std::countr_zero(left)];
    mask &= ~lanes;
    if (mask == 0)
      return;
  }
  fail(w, FaultKind::outOfBounds, "address " + hex(at[std::countr_zero(mask)]) + " is in no space", mask);
}

} // namespace

void failRace(Warp &w, const Conflict &conflict, bool write, std::string_view where, uint64_t address, uint32_t mask) {
  Run &run = *w.run;
  bool byCopy = false;
  for (const auto &cluster : run.resident)
    for (const auto &block : cluster->blocks)
      byCopy |= block->copyAgent == conflict.other.agent();
  std::string text = std::string(write ? "writes " : "reads ") + std::string(where) + " at " + hex(address) + ", which " +
                     describe(run, conflict.other.agent()) + (conflict.otherWrote ? " wrote" : " read");
  if (byCopy)
    fail(w, FaultKind::missingWait, text + ", without having waited for the copy", mask);
  fail(w, FaultKind::race, text + ", with nothing to order the two", mask);
}

void gatherAddresses(Warp &w, const Instruction &in, uint64_t *at) {
  uint64_t displacement = static_cast<uint64_t>(in.immediate);
  if (in.narrowAddress) {
    const uint32_t *a = w.at<uint32_t>(in.a);
    for (int i = 0; i < 32; ++i)
      at[i] = static_cast<uint32_t>(a[i] + displacement);
    return;
  }
  const uint64_t *a = w.at<uint64_t>(in.a);
  for (int i = 0; i < 32; ++i)
    at[i] = a[i] + displacement;
}

void resolve(Warp &w, const Instruction &in, uint32_t mask, uint64_t *at, Access access) {
  switch (in.space) {
  case Space::global:
  case Space::constant:
    return resolveGlobal(w, mask, at, access);
  case Space::shared:
  case Space::sharedCluster:
    return resolveShared(w, mask, at, access);
  case Space::local:
    return resolveLocal(w, mask, at, access);
  case Space::param:
    return resolveParam(w, mask, at, access);
  default:
    return resolveGeneric(w, mask, at, access);
  }
}

Party partyOf(const Warp &w, const Block *of, bool strong) {
  return {&w.knows.generic, Epoch::of(w.agent, w.clock, strong), of ? of->cluster->firstAgent : w.run->firstAgent};
}

SharedPlace sharedPlace(Warp &w, uint64_t address, uint32_t mask) {
  uint64_t plain = address & ~kWindowMask;
  uint64_t rank = plain >> kRankShift;
  Cluster &cluster = *w.block->cluster;
  if ((address & kWindowMask) != 0 && (address & kWindowMask) != kSharedWindow)
    fail(w, FaultKind::outOfBounds, "address " + hex(address) + " is not in shared memory", mask);
  if (rank == 0)
    return {w.block, static_cast<uint32_t>(plain)};
  if (rank > cluster.blocks.size())
    fail(w, FaultKind::outOfBounds, "shared address " + hex(plain) + " names no block of the cluster", mask);
  return {cluster.blocks[rank - 1].get(), static_cast<uint32_t>(plain & ((1u << kRankShift) - 1))};
}

void checkShared(Warp &w, const SharedPlace &place, uint64_t bytes, uint32_t alignment, uint32_t mask) {
  if (place.address & (alignment - 1))
    failAlignment(w, "shared", place.address, alignment, mask);
  if (place.address < kSharedBase || place.address + bytes > uint64_t(kSharedBase) + place.block->sharedBytes)
    fail(w, FaultKind::outOfBounds,
         "shared address " + hex(place.address) + " with " + std::to_string(bytes) + " bytes is outside of the block's " +
             std::to_string(place.block->sharedBytes) + " bytes, which begin at " + hex(kSharedBase),
         mask);
  if (place.block != w.block && place.block->liveWarps == 0)
    fail(w, FaultKind::useAfterFree, "the shared memory of " + nameOf(*place.block) + ", which has ended", mask);
}

Allocation &checkGlobal(Warp &w, uint64_t address, uint64_t bytes, uint32_t alignment, uint32_t mask) {
  if (address & (alignment - 1))
    failAlignment(w, "global", address, alignment, mask);
  Allocation *found = w.run->memory->find(address);
  if (found && found->holds(address, bytes))
    return *found;
  std::string text = "global address " + hex(address) + " with " + std::to_string(bytes) + " bytes";
  auto freed = w.run->memory->freed.upper_bound(address);
  if (!found && freed != w.run->memory->freed.begin() && address - std::prev(freed)->first < std::prev(freed)->second)
    fail(w, FaultKind::useAfterFree, text + " was freed", mask);
  if (found)
    text += " reaches beyond the " + std::to_string(found->bytes) + " bytes at " + hex(found->address);
  else if (auto after = w.run->memory->live.upper_bound(address); after != w.run->memory->live.begin())
    text += " is in no allocation: " + std::to_string(address - std::prev(after)->first - std::prev(after)->second.bytes) +
            " bytes behind the " + std::to_string(std::prev(after)->second.bytes) + " at " + hex(std::prev(after)->first);
  else
    text += " is in no allocation";
  fail(w, FaultKind::outOfBounds, text, mask);
}

void checkGridWait(Warp &w, uint32_t mask) {
  if (w.run->mustWait && !w.knows.behindGrid)
    fail(w, FaultKind::missingWait, "touches global memory before griddepcontrol.wait, while the launch in front may run",
         mask);
  if (w.run->notCovered)
    fail(w, FaultKind::missingWait, "touches global memory while launches in front may run: " + w.run->notCoveredBy, mask);
}

} // namespace skip::emulator
