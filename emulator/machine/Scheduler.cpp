// The loop over instructions, and around it the choice of a warp.
//
// A warp runs until it waits or its turn is over. Turns are mostly short and sometimes long, drawn from the seed, so that one
// seed lets producers run far ahead and another lets them starve. Work that was put off is done when nobody can go on, and in
// mixed completion also between turns. Warps that test a barrier in a loop never wait: when all do nothing but that, they count
// as waiting.
#include "emulator/machine/Scheduler.h"

#include "emulator/machine/Async.h"
#include "emulator/machine/Blocks.h"
#include "emulator/machine/Faults.h"
#include "emulator/machine/Paths.h"

#include <fmt/format.h>

namespace skip::emulator {
namespace {

constexpr uint64_t kSpinning = 64, kHopeless = 4096; // failed tests in a row
constexpr uint64_t kPatience = 512;                  // turns without an end, after which twice as many clusters run

/// Until the path is left or the turn is over.
void step(Warp &w, uint64_t turn) {
  const Instruction *code = w.program->code.data();
  uint32_t reconverge = w.path().reconverge;
  bool watches = w.async->inFlightCount != 0;
  w.stop = false;
  uint64_t left = turn;
  for (; left > 0 && !w.stop; --left) {
    if (w.pc == reconverge) {
      uint32_t lanes = w.mask;
      w.path().mask = 0;
      endPath(w, w.current, lanes);
      break;
    }
    const Instruction &in = code[w.pc++];
    uint32_t mask = w.mask;
    if (in.guard)
      mask &= *w.at<uint32_t>(in.guard) ^ (in.guardNegated ? ~0u : 0u);
    if (mask) {
      if (watches)
        watchRegisters(w, in);
      if (in.writesAccumulator)
        w.async->wgmmaFenced = false;
      in.execute(w, in, mask);
      watches = w.async->inFlightCount != 0;
    }
  }
  w.run->counters.warpInstructions += turn - left;
}

uint64_t drawTurn(Run &run) {
  if (!run.settings.checks && run.settings.completion == Completion::eager)
    return 4096;
  uint64_t kind = run.below(8);
  return 1 + run.below(kind < 3 ? 8 : kind < 6 ? 100 : 2000);
}

void removeRunnable(Run &run, Warp &w) {
  if (w.runnableAt < 0)
    return;
  Warp *last = run.runnable.back();
  run.runnable[static_cast<size_t>(w.runnableAt)] = last;
  last->runnableAt = w.runnableAt;
  run.runnable.pop_back();
  w.runnableAt = -1;
}

bool hasLivePath(const Warp &w) {
  for (const Path &path : w.paths)
    if (path.isLive)
      return true;
  return false;
}

void endWarp(Run &run, Warp &w) {
  removeRunnable(run, w);
  checkLeftBehind(w);
  --w.block->liveWarps;
  if (--w.block->cluster->liveWarps == 0) {
    endCluster(run, *w.block->cluster);
    startClusters(run, false);
  }
}

void runTurn(Run &run, Warp &w) {
  uint64_t turn = drawTurn(run);
  bool mayStay = run.below(4) != 0;
  uint64_t before = run.counters.warpInstructions;
  while (run.counters.warpInstructions - before < turn) {
    if (!choosePath(w, mayStay)) {
      if (!hasLivePath(w))
        return endWarp(run, w);
      return removeRunnable(run, w);
    }
    mayStay = true;
    step(w, turn - (run.counters.warpInstructions - before));
    leavePath(w);
    if (w.spins)
      return;
  }
}

std::string_view waitsFor(const Path &path) {
  switch (path.waiting) {
  case Waiting::barrier:
    return "a barrier";
  case Waiting::clusterBarrier:
    return "the cluster's barrier";
  case Waiting::mbarrier:
    return "an mbarrier";
  case Waiting::registers:
    return "registers that others hold";
  case Waiting::warpgroup:
    return "the other warps of its warpgroup to run the same wgmma";
  default:
    return "nothing";
  }
}

std::string describeWaiting(const Warp &w, const Path &path) {
  const Program &program = *path.frame->program;
  const Instruction &in = program.code[path.pc];
  std::string object;
  if (path.waiting == Waiting::barrier) {
    const Barrier &barrier = path.objectBlock->barriers[path.object];
    object = fmt::format("barrier {} ({} of {} threads came)", path.object, barrier.arrived,
                         barrier.whole ? path.objectBlock->liveThreads : barrier.expected);
  } else if (path.waiting == Waiting::mbarrier) {
    auto found = path.objectBlock->mbarriers.find(path.object);
    object = fmt::format("mbarrier {:#x}", path.object);
    if (found != path.objectBlock->mbarriers.end())
      object += fmt::format(" (phase {}, {} arrivals and {} bytes are missing)", found->second.phase & 1, found->second.pending,
                            found->second.transactions);
  } else {
    object = std::string(waitsFor(path));
  }
  return fmt::format("warp {} of {} waits at line {} for {}", w.index, nameOf(*w.block), program.lineOf(in), object);
}

[[noreturn]] void failDeadlock(Run &run) {
  constexpr int kMost = 6;
  std::string text;
  Warp *first = nullptr;
  int told = 0, all = 0;
  for (auto &cluster : run.resident)
    for (auto &block : cluster->blocks)
      for (auto &warp : block->warps)
        for (size_t i = 0; i < warp->paths.size(); ++i) {
          const Path &path = warp->paths[i];
          bool spins = path.waiting == Waiting::no && path.mask;
          if (!path.isLive || path.waiting == Waiting::children || (path.waiting == Waiting::no && !spins))
            continue;
          ++all;
          if (!first) {
            first = warp.get();
            first->current = static_cast<int>(i);
          }
          if (told++ < kMost)
            text += (text.empty() ? "" : "; ") +
                    (spins ? fmt::format("warp {} of {} tests a barrier again and again near line {}", warp->index,
                                         nameOf(*block), path.frame->program->lineOf(path.frame->program->code[path.pc]))
                           : describeWaiting(*warp, path));
        }
  if (all > kMost)
    text += fmt::format("; and {} more", all - kMost);
  const Path &path = first->path();
  failAt(*first, *path.frame->program, path.frame->program->code[path.pc], FaultKind::deadlock, text,
         static_cast<uint32_t>(path.mask ? std::countr_zero(path.mask) : 0));
}

uint64_t leastSpins(const Run &run) {
  uint64_t least = ~uint64_t(0);
  for (const Warp *w : run.runnable)
    least = std::min(least, w->spins);
  return least;
}

/// Nobody can go on, or nobody does anything but test.
void unblock(Run &run, bool hopeless) {
  if (performDeferred(run))
    return;
  uint64_t before = run.nextCluster;
  startClusters(run, true);
  if (run.nextCluster == before && hopeless)
    failDeadlock(run);
}

void checkEnd(Run &run, Warp &w) {
  uint64_t most = run.settings.maxWarpInstructions;
  if (most == 0 || run.counters.warpInstructions <= most)
    return;
  const Program &program = *w.program;
  failAt(w, program, program.code[w.pc], FaultKind::noEnd,
         "the launch has not ended after " + std::to_string(most) + " instructions of warps");
}

} // namespace

void runToEnd(Run &run) {
  startClusters(run, false);
  uint64_t turns = 0, sinceEnd = 0, live = run.liveClusters, started = run.nextCluster;
  bool mixed = run.settings.completion == Completion::mixed;
  while (run.liveClusters > 0) {
    if (run.runnable.empty()) {
      unblock(run, true);
      continue;
    }
    Warp &w = *run.runnable[run.below(run.runnable.size())];
    runTurn(run, w);
    // Blocks may wait in memory for what blocks write that have not started: those then must, as far as there is room.
    bool moves = run.liveClusters != live || run.nextCluster != started;
    sinceEnd = moves ? 0 : sinceEnd + 1;
    for (uint64_t more = sinceEnd > kPatience ? run.liveClusters : 0; more > 0; --more)
      startClusters(run, true);
    live = run.liveClusters;
    started = run.nextCluster;
    if (w.runnableAt >= 0)
      checkEnd(run, w);
    if (!run.deferred.empty() && (mixed ? run.below(4) == 0 : ++turns % 4096 == 0))
      performDeferred(run);
    if (w.spins > kSpinning && !run.runnable.empty()) {
      uint64_t least = leastSpins(run);
      if (least > kSpinning)
        unblock(run, least > kHopeless);
    }
  }
  while (performDeferred(run)) {
  }
}

} // namespace skip::emulator
