#include "emulator/machine/Async.h"

#include "emulator/machine/Faults.h"

#include <algorithm>

namespace skip::emulator {

bool happensNow(Run &run) {
  switch (run.settings.completion) {
  case Completion::eager:
    return true;
  case Completion::lazy:
    return false;
  default:
    return run.random() & 1;
  }
}

uint64_t defer(Warp &w, std::function<void()> perform) {
  Run &run = *w.run;
  run.deferred.push_back({std::move(perform), w.block->cluster, run.nextDeferred});
  return run.nextDeferred++;
}

static void performAt(Run &run, size_t index) {
  std::function<void()> perform = std::move(run.deferred[index].perform);
  run.deferred.erase(run.deferred.begin() + static_cast<std::ptrdiff_t>(index));
  perform();
}

bool performDeferred(Run &run) {
  if (run.deferred.empty())
    return false;
  performAt(run, run.below(run.deferred.size()));
  return true;
}

void performAllOf(Run &run, const Cluster &cluster) {
  for (size_t i = 0; i < run.deferred.size();) {
    if (run.deferred[i].cluster == &cluster)
      performAt(run, i);
    else
      ++i;
  }
}

void performNow(Run &run, uint64_t id) {
  for (size_t i = 0; i < run.deferred.size(); ++i)
    if (run.deferred[i].id == id)
      return performAt(run, i);
}

void fenceMbarriers(Warp &w) {
  for (auto &[address, barrier] : w.block->mbarriers)
    if (barrier.made.agent() == w.agent || w.knows.generic.knows(barrier.made))
      barrier.isFenced = true;
}

void watchRegisters(Warp &w, const Instruction &in) {
  const Program &program = *w.program;
  size_t index = static_cast<size_t>(&in - program.code.data());
  for (uint32_t i = program.useBegin[index]; i < program.useBegin[index + 1]; ++i) {
    uint32_t place = program.uses[i] & ~1u;
    bool writes = program.uses[i] & 1;
    if (w.async->inFlight[place / 64])
      fail(w, FaultKind::missingWait,
           std::string(writes ? "writes" : "reads") +
               " a register that a wgmma in flight accumulates in: wgmma.wait_group comes too late");
    if (writes && w.async->readInFlight[place / 64])
      fail(w, FaultKind::missingWait, "writes a register that a wgmma in flight still reads");
  }
}

void checkLeftBehind(Warp &w) {
  if (!w.run->settings.checks)
    return;
  for (const BulkStore &store : w.async->stores)
    if (!store.released)
      failAt(w, *store.program, *store.instruction, FaultKind::missingWait,
             "the thread ends while this copy reads its shared memory: cp.async.bulk.wait_group is missing", store.lane);
  if (!w.async->products.empty()) {
    const Product &product = w.async->products.front();
    failAt(w, *product.program, *product.instruction, FaultKind::missingWait,
           "the warp ends and never waited for this product");
  }
  if (w.block->liveWarps > 1)
    return;
  const Program &program = *w.run->program;
  for (const auto &[address, barrier] : w.block->mbarriers)
    if (barrier.transactions != 0)
      failAt(w, program, program.code.back(), FaultKind::illegalBarrier,
             "the block ends while mbarrier " + hex(address) + " has " + std::to_string(barrier.transactions) +
                 " bytes to come");
  if (w.block->pendingCopies)
    failAt(w, program, program.code.back(), FaultKind::missingWait,
           "the block ends while copies into its shared memory are on their way");
}

} // namespace skip::emulator
