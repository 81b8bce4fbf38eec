// The instructions of mbarriers.
#include "emulator/machine/Mbarriers.h"
#include "emulator/machine/Async.h"
#include "emulator/machine/Faults.h"
#include "emulator/machine/Paths.h"
#include "emulator/machine/ops/MemoryOps.h"

namespace skip::emulator {
namespace {

constexpr uint32_t kMostArrivals = (1 << 20) - 1;

template <class F> void eachLane(Warp &w, const Instruction &in, uint32_t mask, F f) {
  uint64_t at[32];
  gatherAddresses(w, in, at);
  for (uint32_t left = mask; left; left &= left - 1) {
    int lane = std::countr_zero(left);
    f(lane, sharedPlace(w, at[lane], left & -left), left & -left);
  }
}

void init(Warp &w, const Instruction &in, uint32_t mask) {
  eachLane(w, in, mask, [&](int lane, const SharedPlace &place, uint32_t bit) {
    checkShared(w, place, 8, 8, bit);
    uint32_t count = w.at<uint32_t>(in.b)[lane];
    if (place.block != w.block)
      fail(w, FaultKind::illegalBarrier, "initialises an mbarrier of another block", bit);
    if (count == 0 || count > kMostArrivals)
      fail(w, FaultKind::illegalBarrier, "an mbarrier of " + std::to_string(count) + " arrivals", bit);
    if (w.block->mbarriers.contains(place.address))
      fail(w, FaultKind::illegalBarrier, "initialises mbarrier " + hex(place.address) + " again", bit);
    if (w.run->settings.checks) {
      Conflict conflict;
      if (w.block->cells->enter(place.offset(), 8, true, partyOf(w, w.block), conflict))
        failRace(w, conflict, true, "shared memory", place.address, bit);
      for (uint32_t half : {0, 1}) {
        uint8_t &writers = w.block->inFlight.writers[place.offset() / 4 + half];
        if (writers)
          fail(w, FaultKind::missingWait, "initialises an mbarrier where a copy is still writing", bit);
        writers = InFlight::kMbarrier;
      }
    }
    Mbarrier &barrier = w.block->mbarriers[place.address];
    barrier.expected = barrier.pending = count;
    barrier.made = Epoch::of(w.agent, w.clock);
  });
}

void invalidate(Warp &w, const Instruction &in, uint32_t mask) {
  eachLane(w, in, mask, [&](int, const SharedPlace &place, uint32_t bit) {
    mbarrierAt(w, place, bit);
    place.block->mbarriers.erase(place.address);
    place.block->inFlight.writers[place.offset() / 4] = place.block->inFlight.writers[place.offset() / 4 + 1] = 0;
  });
}

/// kind: whether bytes are expected (in.c), whether later phases expect less.
enum : uint8_t { kExpects = 1, kDrops = 2, kNoComplete = 4 };

void arriveAt(Warp &w, const Instruction &in, uint32_t mask) {
  eachLane(w, in, mask, [&](int lane, const SharedPlace &place, uint32_t bit) {
    Mbarrier &barrier = mbarrierAt(w, place, bit);
    uint64_t phase = barrier.phase;
    uint32_t count = in.b ? w.at<uint32_t>(in.b)[lane] : 1;
    if (in.kind & kDrops)
      barrier.expected -= std::min(count, barrier.expected);
    arrive(w, place, count, in.c ? w.at<uint32_t>(in.c)[lane] : 0, bit);
    w.at<uint64_t>(in.dst)[lane] = phase;
  });
}

void expectBytes(Warp &w, const Instruction &in, uint32_t mask) {
  eachLane(w, in, mask, [&](int lane, const SharedPlace &place, uint32_t bit) {
    mbarrierAt(w, place, bit).transactions += w.at<uint32_t>(in.b)[lane];
  });
}
void completeTransactions(Warp &w, const Instruction &in, uint32_t mask) {
  eachLane(w, in, mask, [&](int lane, const SharedPlace &place, uint32_t bit) {
    mbarrierAt(w, place, bit);
    completeBytes(w, place, w.at<uint32_t>(in.b)[lane], Epoch::of(w.agent, 0));
  });
}

bool isDone(Warp &w, const Instruction &in, int lane, const Mbarrier &barrier) {
  if (in.kind & 1) // parity
    return (barrier.phase & 1) != (w.at<uint32_t>(in.b)[lane] & 1);
  return barrier.phase > w.at<uint64_t>(in.b)[lane];
}

/// test_wait tells; try_wait sleeps until it can say yes, and now and then gives up, as it may.
template <bool Sleeps> void waitFor(Warp &w, const Instruction &in, uint32_t mask) {
  uint32_t done = 0;
  SharedPlace open;
  eachLane(w, in, mask, [&](int lane, const SharedPlace &place, uint32_t bit) {
    const Mbarrier &barrier = mbarrierAt(w, place, bit);
    if (place.block != w.block)
      fail(w, FaultKind::illegalBarrier, "waits for an mbarrier of another block", bit);
    if (isDone(w, in, lane, barrier)) {
      done |= bit;
      if (w.run->settings.checks && !(in.kind & 2))
        w.knows.join(barrier.completed);
    } else {
      open = place;
    }
  });
  if (done == mask)
    w.spins = 0;
  else if (!Sleeps)
    ++w.spins;
  if (Sleeps && done != mask && (!w.run->settings.checks || w.run->below(4) != 0))
    return waitAt(w, Waiting::mbarrier, open.block, open.address, true);
  setPredicate(w, in.dst, done, mask);
}

void takeBarrierSpace(Decoding &d) {
  d.takeOneOf({"shared", "shared::cta", "shared::cluster"});
  d.wantType({Type::b64});
}

void decodeArrive(Decoding &d, bool drops) {
  bool expects = d.take("expect_tx");
  bool incomplete = d.take("noComplete");
  takeOrder(d);
  takeBarrierSpace(d);
  d.in.kind = static_cast<uint8_t>((expects ? kExpects : 0) | (drops ? kDrops : 0) | (incomplete ? kNoComplete : 0));
  // Results may be left out for barriers of other blocks.
  size_t memory = d.operandCount() > 0 && d.operand(0).kind == Operand::Kind::memory ? 0 : 1;
  d.in.dst = memory ? d.destination(0, Type::b64) : FileLayout::kSink;
  d.wantOperands(memory + 1, memory + 2);
  d.address(memory);
  bool more = d.operandCount() == memory + 2;
  if (expects && !more)
    d.fail("a number of bytes is missing");
  if (more)
    (expects ? d.in.c : d.in.b) = d.source(memory + 1, Type::u32);
  d.in.execute = arriveAt;
}

void decodeWait(Decoding &d, bool sleeps) {
  bool parity = d.take("parity");
  takeOrder(d);
  takeBarrierSpace(d);
  d.wantOperands(3, sleeps ? 4 : 3);
  bool negated = false;
  d.in.dst = d.predicate(d.operand(0), negated);
  d.address(1);
  d.in.b = d.source(2, parity ? Type::u32 : Type::b64);
  if (d.operandCount() == 4)
    d.source(3, Type::u32);
  d.in.kind = static_cast<uint8_t>((parity ? 1 : 0) | (d.in.order == Order::relaxed ? 2 : 0));
  d.in.execute = sleeps ? waitFor<true> : waitFor<false>;
}

void decodeCount(Decoding &d, Execute execute) {
  takeOrder(d);
  takeBarrierSpace(d);
  d.wantOperands(2, 2);
  d.address(0);
  d.in.b = d.source(1, Type::u32);
  d.in.execute = execute;
}

void decodeMbarrier(Decoding &d) {
  d.wantArchitecture(80);
  static constexpr std::initializer_list<std::string_view> kActions = {"init",      "inval",    "arrive",     "arrive_drop",
                                                                       "test_wait", "try_wait", "complete_tx"};
  int action = d.takeOneOf(kActions);
  if (action < 0 && d.take("expect_tx")) {
    d.wantArchitecture(90);
    return decodeCount(d, expectBytes);
  }
  switch (action) {
  case 0:
    takeBarrierSpace(d);
    d.wantOperands(2, 2);
    d.address(0);
    d.in.b = d.source(1, Type::u32);
    d.in.execute = init;
    return;
  case 1:
    takeBarrierSpace(d);
    d.wantOperands(1, 1);
    d.address(0);
    d.in.execute = invalidate;
    return;
  case 2:
  case 3:
    return decodeArrive(d, action == 3);
  case 4:
  case 5:
    return decodeWait(d, action == 5);
  case 6:
    d.wantArchitecture(90);
    return decodeCount(d, completeTransactions);
  default:
    d.fail("an action is missing");
  }
}

constexpr Operation kOperations[] = {{"mbarrier", decodeMbarrier}};

} // namespace

std::span<const Operation> mbarrierOperations() { return kOperations; }

} // namespace skip::emulator
