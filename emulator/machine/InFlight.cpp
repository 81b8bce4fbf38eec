#include "emulator/machine/InFlight.h"

#include "emulator/machine/Faults.h"

#include <algorithm>

namespace skip::emulator {
namespace {

bool isOfCopies(const Cluster &cluster, uint64_t agent) {
  return std::ranges::any_of(cluster.blocks, [&](const auto &block) { return block->copyAgent == agent; });
}

bool isOfCopies(const Warp &w, uint64_t agent) {
  return isOfCopies(*w.block->cluster, agent) || // mostly
         std::ranges::any_of(w.run->resident, [&](const auto &cluster) { return isOfCopies(*cluster, agent); });
}

/// Written by the generic proxy, and known, but not behind a proxy fence.
void checkFenced(Warp &w, const Cells &cells, uint64_t offset, uint32_t bytes, uint64_t firstLive, std::string_view where,
                 uint64_t address, uint32_t mask) {
  Epoch good; // neighbours mostly hold the same
  for (uint64_t at = offset; at < offset + bytes; at += 4) {
    Epoch write = cells.lastWrite(at);
    if (write.isNever() || write.bits == good.bits || write.agent() < firstLive)
      continue;
    if (!w.knows.generic.knows(write))
      failRace(w, {write, true}, false, where, address + (at - offset), mask);
    if (!w.knows.fenced.knows(write) && !isOfCopies(w, write.agent()))
      fail(w, FaultKind::missingFence,
           "an asynchronous read of " + std::string(where) + " at " + hex(address + (at - offset)) + ", which " +
               describe(*w.run, write.agent()) + " wrote without fence.proxy.async behind it",
           mask);
    good = write;
  }
}

} // namespace

void beginWrite(Warp &w, Block &block, uint32_t offset, uint32_t bytes, const Party &party, uint32_t mask) {
  if (!w.run->settings.checks)
    return;
  for (uint32_t at = offset & ~3u; at < offset + bytes; at += 4) {
    uint8_t &writers = block.inFlight.writers[at >> 2];
    if (writers == InFlight::kMbarrier)
      fail(w, FaultKind::illegalBarrier, "copies to shared memory at " + hex(at + kSharedBase) + ", where an mbarrier lives",
           mask);
    if (writers)
      fail(w, FaultKind::missingWait,
           "copies to shared memory at " + hex(at + kSharedBase) + " of " + nameOf(block) +
               ", where another copy is still writing",
           mask);
    writers = 1;
  }
  for (uint32_t at = offset & ~15u; at < offset + bytes; at += 16)
    if (block.inFlight.readers[at >> 4])
      fail(w, FaultKind::missingWait,
           "copies to shared memory at " + hex(at + kSharedBase) + " of " + nameOf(block) +
               ", which something asynchronous still reads",
           mask);
  Conflict conflict;
  if (block.cells->enter(offset, bytes, true, party, conflict))
    failRace(w, conflict, true, "shared memory", offset + kSharedBase, mask);
}

void endWrite(Block &block, uint32_t offset, uint32_t bytes) {
  if (!block.run->settings.checks)
    return;
  for (uint32_t at = offset & ~3u; at < offset + bytes; at += 4)
    block.inFlight.writers[at >> 2] = 0;
  block.written->mark(offset, bytes);
}

void beginRead(Warp &w, Block &block, uint32_t offset, uint32_t bytes, uint32_t mask) {
  if (!w.run->settings.checks)
    return;
  for (uint32_t at = offset & ~3u; at < offset + bytes; at += 4)
    if (uint8_t writers = block.inFlight.writers[at >> 2])
      fail(w, writers == InFlight::kMbarrier ? FaultKind::illegalBarrier : FaultKind::missingWait,
           "an asynchronous read of shared memory at " + hex(at + kSharedBase) + " of " + nameOf(block) +
               (writers == InFlight::kMbarrier ? ", where an mbarrier lives" : ", which a copy is still writing"),
           mask);
  if (!block.written->all(offset, bytes))
    fail(w, FaultKind::uninitialised,
         "an asynchronous read of shared memory at " + hex(block.written->firstClear(offset, bytes) + kSharedBase) +
             ", which nothing ever wrote",
         mask);
  checkFenced(w, *block.cells, offset, bytes, block.cluster->firstAgent, "shared memory", offset + kSharedBase, mask);
  for (uint32_t at = offset & ~15u; at < offset + bytes; at += 16)
    ++block.inFlight.readers[at >> 4];
}

void endRead(Warp &w, Block &block, uint32_t offset, uint32_t bytes, Epoch reader) {
  if (!w.run->settings.checks)
    return;
  for (uint32_t at = offset & ~15u; at < offset + bytes; at += 16)
    --block.inFlight.readers[at >> 4];
  Conflict conflict;
  Party party{&w.knows.generic, reader, block.cluster->firstAgent};
  if (block.cells->enter(offset, bytes, false, party, conflict))
    failRace(w, conflict, false, "shared memory", offset + kSharedBase, ~0u);
}

void checkAsyncGlobalRead(Warp &w, Allocation &allocation, uint64_t address, uint32_t bytes, const Party &party,
                          uint32_t mask) {
  uint64_t offset = address - allocation.address;
  if (!allocation.written.all(offset, bytes))
    fail(w, FaultKind::uninitialised,
         "copies global memory at " + hex(allocation.address + allocation.written.firstClear(offset, bytes)) +
             ", which nothing ever wrote",
         mask);
  checkFenced(w, allocation.cellsMade(), offset, bytes, w.run->firstAgent, "global memory", address, mask);
  Conflict conflict;
  if (allocation.cells->enter(offset, bytes, false, party, conflict))
    failRace(w, conflict, false, "global memory", address, mask);
}

} // namespace skip::emulator
