// cp.async: copies of 4, 8 or 16 bytes a lane, in groups of each thread; and where the other instructions of cp begin.
#include "emulator/machine/Async.h"
#include "emulator/machine/Bulk.h"
#include "emulator/machine/Faults.h"
#include "emulator/machine/InFlight.h"
#include "emulator/machine/Mbarriers.h"
#include "emulator/machine/Runs.h"
#include "emulator/machine/ops/MemoryOps.h"

#include <cstring>

namespace skip::emulator {
namespace {

void copyLane(Warp &w, const LaneCopy &copy, int lane) {
  std::byte *to = w.block->shared.data() + copy.to[lane];
  std::memset(to, 0, copy.bytes);
  std::memcpy(to, reinterpret_cast<const void *>(copy.from[lane]), copy.sourceBytes[lane]);
}

void performCopy(Warp &w, LaneCopy &copy, uint32_t lanes) {
  if (copy.done)
    return;
  for (uint32_t left = lanes; left; left &= left - 1)
    copyLane(w, copy, std::countr_zero(left));
}

/// Calls visit(offset, bytes) for runs of shared memory that the lanes write, and those alone; false where it answers so.
template <class Visit> bool eachWrittenRun(const LaneCopy &copy, uint32_t lanes, Visit visit) {
  uint64_t at[32];
  std::copy(std::begin(copy.to), std::end(copy.to), at);
  return eachRun(at, lanes, boundsOf(at, lanes), copy.bytes,
                 [&](uint64_t offset, uint32_t bytes) { return visit(static_cast<uint32_t>(offset), bytes); });
}

/// The thread has waited: what its copies wrote is like a write of its own, now.
void finishCopy(Warp &w, LaneCopy &copy, uint32_t lanes) {
  performCopy(w, copy, lanes);
  copy.mask &= ~lanes;
  if (!w.run->settings.checks)
    return;
  Party party = partyOf(w, w.block);
  bool enters = eachWrittenRun(copy, lanes, [&](uint32_t offset, uint32_t bytes) {
    endWrite(*w.block, offset, bytes);
    Conflict conflict;
    return !w.block->cells->enter(offset, bytes, true, party, conflict);
  });
  for (uint32_t left = enters ? 0 : lanes; left; left &= left - 1) {
    int lane = std::countr_zero(left);
    endWrite(*w.block, copy.to[lane], copy.bytes);
    Conflict conflict;
    if (w.block->cells->enter(copy.to[lane], copy.bytes, true, party, conflict))
      failRace(w, conflict, true, "shared memory", copy.to[lane] + kSharedBase, left & -left);
  }
}

void waitForGroups(Warp &w, uint32_t mask, uint32_t newest) {
  for (LaneCopy &copy : w.async->copies) {
    uint32_t lanes = 0;
    for (uint32_t left = copy.mask & mask; left; left &= left - 1)
      if (copy.group + newest < w.async->copyGroup[std::countr_zero(left)])
        lanes |= left & -left;
    if (lanes)
      finishCopy(w, copy, lanes);
  }
  std::erase_if(w.async->copies, [](const LaneCopy &copy) { return copy.mask == 0; });
}

uint32_t sourceBytesOf(Warp &w, const Instruction &in, int lane) {
  if (in.kind) // ignore-src
    return *w.at<uint32_t>(in.c) >> lane & 1 ? 0 : in.count;
  return in.list ? w.at<uint32_t>(in.list)[lane] : in.count;
}

void checkSource(Warp &w, LaneCopy &copy, int lane) {
  if (copy.from[lane] & (copy.bytes - 1))
    fail(w, FaultKind::misaligned,
         "global address " + hex(copy.from[lane]) + " is no multiple of " + std::to_string(copy.bytes), 1u << lane);
  if (copy.sourceBytes[lane] > copy.bytes)
    fail(w, FaultKind::illegalInstruction,
         std::to_string(copy.sourceBytes[lane]) + " bytes of a source for a copy of " + std::to_string(copy.bytes), 1u << lane);
  if (copy.sourceBytes[lane] == 0)
    return;
  Allocation &allocation = checkGlobal(w, copy.from[lane], copy.sourceBytes[lane], 1, 1u << lane);
  if (!w.run->settings.checks)
    return;
  checkGridWait(w, 1u << lane);
  uint64_t offset = copy.from[lane] - allocation.address;
  if (!allocation.written.all(offset, copy.sourceBytes[lane]))
    fail(w, FaultKind::uninitialised, "copies global memory at " + hex(copy.from[lane]) + ", which nothing ever wrote",
         1u << lane);
  Conflict conflict;
  if (allocation.cellsMade().enter(offset, copy.sourceBytes[lane], false, partyOf(w, nullptr), conflict))
    failRace(w, conflict, false, "global memory", copy.from[lane], 1u << lane);
}

void countCopy(Warp &w, const LaneCopy &copy, int lane) {
  w.run->counters.globalReadBytes += copy.sourceBytes[lane];
  w.run->counters.sharedWriteBytes += copy.bytes;
}

/// One lane's checks and what they enter, in the order in which they are told.
void startLane(Warp &w, LaneCopy &copy, uint64_t to, int lane) {
  SharedPlace place = sharedPlace(w, to, 1u << lane);
  checkShared(w, place, copy.bytes, copy.bytes, 1u << lane);
  if (place.block != w.block)
    fail(w, FaultKind::outOfBounds, "cp.async copies into the own block only", 1u << lane);
  checkSource(w, copy, lane);
  beginWrite(w, *w.block, copy.to[lane], copy.bytes, partyOf(w, w.block), 1u << lane);
  countCopy(w, copy, lane);
}

/// All lanes that read something, which is all that they write: from one allocation, and nothing is wrong there.
bool mayRead(Warp &w, const LaneCopy &copy, uint32_t mask) {
  uint32_t lanes = 0;
  for (uint32_t left = mask; left; left &= left - 1) {
    uint32_t bytes = copy.sourceBytes[std::countr_zero(left)];
    if (bytes != 0 && bytes != copy.bytes)
      return false;
    lanes |= bytes ? left & -left : 0;
  }
  if (boundsOf(copy.from, mask).bits & (copy.bytes - 1))
    return false;
  if (lanes == 0)
    return true;
  Bounds bounds = boundsOf(copy.from, lanes);
  Run &run = *w.run;
  if (!run.cached || !run.cached->holds(bounds.low, 1))
    run.cached = run.memory->find(bounds.low);
  Allocation *from = run.cached;
  if (!from || !from->holds(bounds.low, bounds.high - bounds.low + copy.bytes))
    return false;
  if (!run.settings.checks)
    return true;
  Party party = partyOf(w, nullptr);
  return mayTouchGlobal(w) && eachRun(copy.from, lanes, bounds, copy.bytes, [&](uint64_t address, uint32_t bytes) {
           Conflict conflict;
           uint64_t offset = address - from->address;
           return from->written.all(offset, bytes) && !from->cellsMade().enter(offset, bytes, false, party, conflict);
         });
}

/// Where all lanes write into the own block and nothing is wrong: they are entered together.
bool startTogether(Warp &w, LaneCopy &copy, const uint64_t *to, uint32_t mask) {
  Bounds bounds = boundsOf(to, mask);
  if (bounds.bits & (copy.bytes - 1) || bounds.low < kSharedBase ||
      bounds.high + copy.bytes > uint64_t(kSharedBase) + w.block->sharedBytes || !mayRead(w, copy, mask))
    return false;
  if (!w.run->settings.checks)
    return true;
  Party party = partyOf(w, w.block);
  uint32_t written = 0; // less than all where two lanes write the same
  bool may = eachWrittenRun(copy, mask, [&](uint32_t offset, uint32_t bytes) {
    Conflict conflict;
    written += bytes;
    return !w.block->inFlight.touches(offset, bytes, true) && !w.block->cells->enter(offset, bytes, true, party, conflict);
  });
  if (!may || written != copy.bytes * static_cast<uint32_t>(std::popcount(mask)))
    return false;
  return eachWrittenRun(copy, mask, [&](uint32_t offset, uint32_t bytes) {
    std::memset(&w.block->inFlight.writers[offset >> 2], 1, bytes >> 2);
    return true;
  });
}

void copyAsync(Warp &w, const Instruction &in, uint32_t mask) {
  uint64_t to[32];
  gatherAddresses(w, in, to);
  LaneCopy copy;
  copy.program = w.program;
  copy.instruction = &in;
  copy.bytes = in.count;
  const uint64_t *from = w.at<uint64_t>(in.b);
  for (uint32_t left = mask; left; left &= left - 1) {
    int lane = std::countr_zero(left);
    copy.to[lane] = static_cast<uint32_t>(to[lane]) - kSharedBase;
    copy.from[lane] = from[lane] + in.target;
    copy.sourceBytes[lane] = sourceBytesOf(w, in, lane);
  }
  bool together = startTogether(w, copy, to, mask);
  for (uint32_t left = mask; left; left &= left - 1) {
    int lane = std::countr_zero(left);
    if (together) {
      countCopy(w, copy, lane);
      continue;
    }
    copy.to[lane] = sharedPlace(w, to[lane], 1u << lane).offset();
    startLane(w, copy, to[lane], lane);
  }
  bool now = happensNow(*w.run);
  for (uint32_t left = mask; left;) { // lanes of one group at a time: nearly always all
    LaneCopy part = copy;
    part.group = w.async->copyGroup[std::countr_zero(left)];
    for (uint32_t lanes = left; lanes; lanes &= lanes - 1)
      if (w.async->copyGroup[std::countr_zero(lanes)] == part.group)
        part.mask |= lanes & -lanes;
    left &= ~part.mask;
    if (now)
      performCopy(w, part, part.mask);
    part.done = now;
    w.async->copies.push_back(part);
  }
}

void commitCopies(Warp &w, const Instruction &, uint32_t mask) {
  for (uint32_t left = mask; left; left &= left - 1)
    ++w.async->copyGroup[std::countr_zero(left)];
}
void waitCopies(Warp &w, const Instruction &in, uint32_t mask) { waitForGroups(w, mask, static_cast<uint32_t>(in.immediate)); }
void waitAllCopies(Warp &w, const Instruction &in, uint32_t mask) {
  commitCopies(w, in, mask);
  waitForGroups(w, mask, 0);
}

/// Arrives at an mbarrier when the thread's copies so far have landed.
void arriveCopies(Warp &w, const Instruction &in, uint32_t mask) {
  uint64_t at[32];
  gatherAddresses(w, in, at);
  for (uint32_t left = mask; left; left &= left - 1) {
    int lane = std::countr_zero(left);
    SharedPlace place = sharedPlace(w, at[lane], 1u << lane);
    Mbarrier &barrier = mbarrierAt(w, place, 1u << lane);
    if (!in.kind) // without .noinc the barrier expects one more
      ++barrier.pending;
    Warp *warp = &w;
    auto land = [warp, place, lane, group = w.async->copyGroup[lane]] {
      for (LaneCopy &copy : warp->async->copies)
        if (copy.mask >> lane & 1 && copy.group <= group)
          finishCopy(*warp, copy, 1u << lane);
      std::erase_if(warp->async->copies, [](const LaneCopy &copy) { return copy.mask == 0; });
      arrive(*warp, place, 1, 0, 1u << lane);
    };
    if (happensNow(*w.run))
      land();
    else
      defer(w, land);
  }
}

void decodeCopy(Decoding &d) {
  bool ca = d.takeOneOf({"ca", "cg"}) == 0;
  if (d.takeOneOf({"shared", "shared::cta"}) < 0 || !d.take("global"))
    d.fail("cp.async copies from .global to .shared");
  d.takeCacheHints();
  bool policy = d.take("L2::cache_hint");
  d.wantOperands(3, 5);
  int64_t bytes = d.integer(2);
  if (bytes != 16 && !(ca && (bytes == 4 || bytes == 8)))
    d.fail("copies are of 16 bytes, with .ca also of 4 and 8");
  d.address(1);
  d.in.b = d.in.a;
  d.in.target = static_cast<uint32_t>(d.in.immediate);
  if (d.in.narrowAddress || d.in.immediate < 0)
    d.fail("a global address is in 64 bits");
  d.address(0);
  d.in.count = static_cast<uint8_t>(bytes);
  size_t more = d.operandCount() - 3 - (policy ? 1 : 0);
  if (more == 1) {
    const Operand &operand = d.operand(3);
    bool isPredicate = operand.kind == Operand::Kind::reg && d.program.source->registers[operand.index].type == Type::pred;
    bool negated = false;
    d.in.kind = isPredicate;
    if (isPredicate)
      d.in.c = d.predicate(operand, negated);
    else
      d.in.list = d.source(operand, Type::u32);
  } else if (more != 0) {
    d.fail("too many operands");
  }
  d.in.execute = copyAsync;
}

void decodeAsync(Decoding &d) {
  d.wantArchitecture(80);
  if (d.take("commit_group")) {
    d.wantOperands(0, 0);
    d.in.execute = commitCopies;
  } else if (d.take("wait_group")) {
    d.wantOperands(1, 1);
    d.in.immediate = d.integer(0);
    d.in.execute = waitCopies;
    if (d.in.immediate < 0 || d.in.immediate > 0xffff)
      d.fail("a number of groups that may be open");
  } else if (d.take("wait_all")) {
    d.wantOperands(0, 0);
    d.in.execute = waitAllCopies;
  } else if (d.take("mbarrier")) {
    d.take("arrive");
    d.in.kind = d.take("noinc");
    d.takeOneOf({"shared", "shared::cta"});
    d.wantType({Type::b64});
    d.wantOperands(1, 1);
    d.address(0);
    d.in.execute = arriveCopies;
  } else {
    decodeCopy(d);
  }
}

void decodeCp(Decoding &d) {
  bool reduce = d.take("reduce");
  if (!d.take("async"))
    d.fail("`.async` is missing");
  if (d.take("bulk"))
    return decodeBulk(d, reduce);
  if (reduce)
    d.fail("`.bulk` is missing");
  decodeAsync(d);
}

constexpr Operation kOperations[] = {{"cp", decodeCp}};

} // namespace

std::span<const Operation> asyncOperations() { return kOperations; }

} // namespace skip::emulator
