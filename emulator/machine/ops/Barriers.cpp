// bar and barrier, membar and fence.
#include "emulator/machine/Async.h"
#include "emulator/machine/Converged.h"
#include "emulator/machine/Faults.h"
#include "emulator/machine/Paths.h"
#include "emulator/machine/Sync.h"
#include "emulator/machine/ops/Lanes.h"

namespace skip::emulator {
namespace {

enum class Action : uint8_t { sync, arrive, popc, all, any };

uint32_t uniform(Warp &w, uint32_t place, uint32_t mask, std::string_view what) {
  const uint32_t *values = w.at<uint32_t>(place);
  uint32_t value = values[std::countr_zero(mask)];
  for (uint32_t left = mask; left; left &= left - 1)
    if (values[std::countr_zero(left)] != value)
      fail(w, FaultKind::illegalBarrier, "threads of a warp name different " + std::string(what), left & -left);
  return value;
}

/// What barriers with a reduction collect, and hand out to those that waited.
void reduce(Warp &w, const Instruction &in, uint32_t mask, Barrier &barrier) {
  uint32_t bits = *w.at<uint32_t>(in.c) ^ (in.narrowAddress ? ~0u : 0u);
  barrier.holding += static_cast<uint32_t>(std::popcount(bits & mask));
  barrier.voting += static_cast<uint32_t>(std::popcount(mask));
}

void complete(Block &block, uint32_t number) {
  Barrier &barrier = block.barriers[number];
  barrier.outcome = barrier.holding;
  barrier.outcomeOf = barrier.voting;
  barrier.holding = barrier.voting = barrier.arrived = barrier.expected = 0;
  ++barrier.generation;
  barrier.completed = std::move(barrier.collected);
  barrier.collected = Knowledge();
  wake(*block.cluster, Waiting::barrier, &block, number);
}

/// Behind a barrier that is complete.
void leave(Warp &w, const Instruction &in, uint32_t mask, Barrier &barrier) {
  if (w.run->settings.checks)
    w.knows.join(barrier.completed);
  Action action = static_cast<Action>(in.kind);
  if (action == Action::popc)
    for (uint32_t left = mask; left; left &= left - 1)
      w.at<uint32_t>(in.dst)[std::countr_zero(left)] = barrier.outcome;
  if (action == Action::all || action == Action::any) {
    bool holds = action == Action::all ? barrier.outcome == barrier.outcomeOf : barrier.outcome != 0;
    setPredicate(w, in.dst, holds ? ~0u : 0u, mask);
  }
}

void barrier(Warp &w, const Instruction &in, uint32_t mask) {
  Block &block = *w.block;
  Path &path = w.path();
  uint32_t number = uniform(w, in.a, mask, "barriers");
  if (number > 15)
    fail(w, FaultKind::illegalBarrier, "there is no barrier " + std::to_string(number) + ": 0 to 15 are", mask);
  Barrier &barrier = block.barriers[number];
  Action action = static_cast<Action>(in.kind);
  if (path.arrivedAt == &barrier) { // woken
    path.arrivedAt = nullptr;
    return leave(w, in, mask, barrier);
  }
  if (in.scope == Scope::block) // .aligned
    needWarp(w, mask);
  uint32_t expected = in.b ? uniform(w, in.b, mask, "numbers of threads") : block.liveThreads;
  if (in.b && (expected == 0 || expected % 32))
    fail(w, FaultKind::illegalBarrier, "a barrier of " + std::to_string(expected) + " threads: a multiple of 32 is wanted",
         mask);
  bool whole = !in.b;
  if (barrier.arrived && (barrier.whole != whole || (!whole && barrier.expected != expected)))
    fail(w, FaultKind::illegalBarrier,
         "barrier " + std::to_string(number) + " is waited for by " + std::to_string(expected) + " threads here and by " +
             std::to_string(barrier.expected) + " elsewhere",
         mask);
  barrier.whole = whole;
  barrier.expected = expected;
  // In a count that is given, a warp counts as 32 threads, also if some have ended.
  uint32_t arriving = whole             ? static_cast<uint32_t>(std::popcount(mask))
                      : mask == w.alive ? 32
                                        : static_cast<uint32_t>(std::popcount(mask));
  barrier.arrived += arriving;
  if (barrier.arrived > expected)
    fail(w, FaultKind::illegalBarrier,
         "barrier " + std::to_string(number) + " of " + std::to_string(expected) + " threads gets " +
             std::to_string(barrier.arrived),
         mask);
  if (w.run->settings.checks) {
    barrier.collected.join(w.knows);
    w.tick();
  }
  if (action >= Action::popc)
    reduce(w, in, mask, barrier);
  bool done = barrier.arrived == expected;
  if (done)
    complete(block, number);
  if (action == Action::arrive)
    return;
  if (done)
    return leave(w, in, mask, barrier);
  path.arrivedAt = &barrier;
  waitAt(w, Waiting::barrier, &block, number, true);
}

void barWarp(Warp &w, const Instruction &in, uint32_t mask) { needMembers(w, mask, in.a); }

Action takeAction(Decoding &d) {
  int action = d.takeOneOf({"sync", "arrive", "red"});
  if (action < 0)
    d.fail("`.sync`, `.arrive` or `.red` is missing");
  if (action < 2)
    return static_cast<Action>(action);
  int reduction = d.takeOneOf({"popc", "and", "or"});
  if (reduction < 0)
    d.fail("a reduction is missing");
  return static_cast<Action>(reduction + 2);
}

void decodeBarrierOf(Decoding &d, bool aligned) {
  if (d.take("warp")) {
    d.take("sync");
    d.wantOperands(1, 1);
    d.in.a = d.source(0, Type::b32);
    d.in.execute = barWarp;
    return;
  }
  if (d.take("cluster"))
    return decodeClusterBarrier(d);
  d.take("cta");
  Action action = takeAction(d);
  aligned |= d.take("aligned");
  d.in.kind = static_cast<uint8_t>(action);
  d.in.scope = aligned ? Scope::block : Scope::device;
  d.in.execute = barrier;
  bool reduces = action >= Action::popc;
  size_t at = reduces ? 1 : 0;
  if (reduces && action == Action::popc)
    d.in.dst = (d.wantType({Type::u32}), d.destination(0, Type::u32));
  bool negated = false;
  if (reduces && action != Action::popc)
    d.in.dst = (d.wantType({Type::pred}), d.predicate(d.operand(0), negated));
  d.in.a = d.source(at++, Type::u32);
  size_t left = d.operandCount() - at - (reduces ? 1 : 0);
  if (left == 1)
    d.in.b = d.source(at++, Type::u32);
  else if (left != 0 || action == Action::arrive)
    d.fail("a barrier and a number of threads are wanted");
  if (reduces)
    d.in.c = d.predicate(d.operand(at), negated);
  d.in.narrowAddress = negated;
}

void decodeBar(Decoding &d) { decodeBarrierOf(d, true); }
void decodeBarrier(Decoding &d) { decodeBarrierOf(d, false); }

void fenceMemory(Warp &w, const Instruction &in, uint32_t) { fence(w, in.scope); }
void fenceAsync(Warp &w, const Instruction &, uint32_t) {
  fenceProxy(w);
  fenceMbarriers(w);
}
void fenceInit(Warp &w, const Instruction &in, uint32_t) {
  fenceMbarriers(w);
  fence(w, in.scope);
}
void nothing(Warp &, const Instruction &, uint32_t) {}

void decodeMembar(Decoding &d) {
  if (d.take("proxy"))
    return (void)(d.take("alias"), d.in.execute = nothing);
  int level = d.takeOneOf({"cta", "gl", "sys"});
  if (level < 0)
    d.fail("a level is missing");
  d.in.scope = level == 0 ? Scope::block : Scope::device;
  d.wantOperands(0, 0);
  d.in.execute = fenceMemory;
}

void decodeFence(Decoding &d) {
  if (d.take("proxy")) {
    if (d.take("async")) {
      d.takeOneOf({"global", "shared::cta", "shared::cluster"});
      d.wantArchitecture(90);
      d.in.execute = fenceAsync;
      return d.wantOperands(0, 0);
    }
    if (d.take("alias")) {
      d.in.execute = nothing;
      return d.wantOperands(0, 0);
    }
    if (d.takeOneOf({"tensormap::generic"}) < 0)
      d.fail("a proxy is missing");
    int side = d.takeOneOf({"acquire", "release"});
    d.takeScope();
    d.in.execute = fenceMemory;
    return d.wantOperands(side == 0 ? 2 : 0, side == 0 ? 2 : 0);
  }
  if (d.take("mbarrier_init")) {
    d.take("release");
    d.takeScope();
    d.wantArchitecture(90);
    d.in.execute = fenceInit;
    return d.wantOperands(0, 0);
  }
  if (d.takeOneOf({"sc", "acq_rel", "acquire", "release"}) < 0)
    d.fail("an ordering is missing");
  d.takeScope();
  d.wantOperands(0, 0);
  d.in.execute = fenceMemory;
}

constexpr Operation kOperations[] = {
    {"bar", decodeBar}, {"barrier", decodeBarrier}, {"membar", decodeMembar}, {"fence", decodeFence}};

} // namespace

std::span<const Operation> barrierOperations() { return kOperations; }

void threadsEnded(Block &block) {
  for (uint32_t number = 0; number < 16; ++number)
    if (block.barriers[number].whole && block.barriers[number].arrived && block.barriers[number].arrived >= block.liveThreads)
      complete(block, number);
  threadsEnded(*block.cluster);
}

} // namespace skip::emulator
