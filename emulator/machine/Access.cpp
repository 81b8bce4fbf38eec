#include "emulator/machine/Access.h"

#include "emulator/machine/Resolve.h"

namespace skip::emulator {
namespace {

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
    SKIP_LANES
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
    SKIP_LANES
    for (int i = 0; i < 32; ++i)
      at[i] = static_cast<uint32_t>(a[i] + displacement);
    return;
  }
  const uint64_t *a = w.at<uint64_t>(in.a);
  SKIP_LANES
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
  Allocation *found = w.run->cached;
  if (!found || !found->holds(address, bytes))
    found = w.run->memory->find(address);
  if (found && found->holds(address, bytes))
    return *(w.run->cached = found);
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

bool mayTouchGlobal(const Warp &w) { return !(w.run->mustWait && !w.knows.behindGrid) && !w.run->notCovered; }

void checkGridWait(Warp &w, uint32_t mask) {
  if (w.run->mustWait && !w.knows.behindGrid)
    fail(w, FaultKind::missingWait, "touches global memory before griddepcontrol.wait, while the launch in front may run",
         mask);
  if (w.run->notCovered)
    fail(w, FaultKind::missingWait, "touches global memory while launches in front may run: " + w.run->notCoveredBy, mask);
}

} // namespace skip::emulator
