#include "emulator/machine/Bulk.h"

#include "emulator/machine/Async.h"
#include "emulator/machine/Faults.h"
#include "emulator/machine/InFlight.h"
#include "emulator/machine/Mbarriers.h"
#include "emulator/tensor/Float.h"

#include <cstring>

namespace skip::emulator {
namespace {

/// The copies of one block have one clock. One that ends later than a younger one is not told apart from it by clocks, but by
/// the marks of what is in flight.
Epoch nextCopy(Block &block) { return Epoch::of(block.copyAgent, ++block.copyClock); }

struct Sources {
  Warp &w;
  uint32_t mask;
  Party party;
  Allocation *last = nullptr;

  void check(const TensorChunk &chunk) {
    uint64_t at = chunk.global + chunk.from;
    uint32_t bytes = chunk.to - chunk.from;
    if (!last || !last->holds(at, bytes))
      last = &checkGlobal(w, at, bytes, 1, mask);
    if (w.run->settings.checks)
      checkAsyncGlobalRead(w, *last, at, bytes, party, mask);
    w.run->counters.globalReadBytes += bytes;
  }
};

void land(Warp &w, const BulkLoad &load, Epoch copy) {
  for (Block *target : load.targets) {
    for (const TensorChunk &chunk : load.chunks) {
      std::byte *to = target->shared.data() + (chunk.shared - kSharedBase);
      std::memcpy(to, load.fill.data(), 16);
      std::memcpy(to + chunk.from, reinterpret_cast<const void *>(chunk.global + chunk.from), chunk.to - chunk.from);
      endWrite(*target, chunk.shared - kSharedBase, 16);
    }
    --target->pendingCopies;
    completeBytes(w, {target, load.mbarrier}, load.bytes, copy);
  }
}

void checkTarget(Warp &w, Block &target, const BulkLoad &load, const Party &party, uint32_t mask) {
  SharedPlace barrier{&target, load.mbarrier};
  Mbarrier &found = mbarrierAt(w, barrier, mask);
  if (w.run->settings.checks && !found.isFenced)
    fail(w, FaultKind::missingFence,
         "a copy ends at mbarrier " + hex(load.mbarrier) +
             ", which was initialised without fence.mbarrier_init or fence.proxy.async",
         mask);
  for (const TensorChunk &chunk : load.chunks) {
    checkShared(w, {&target, chunk.shared}, 16, 16, mask);
    beginWrite(w, target, chunk.shared - kSharedBase, 16, party, mask);
  }
  w.run->counters.sharedWriteBytes += load.bytes;
}

float halfOf(uint16_t bits, bool bf16) { return bf16 ? fromBf16(bits) : fromF16(bits); }

template <class T> T integers(Reduction reduction, T a, T b) {
  switch (reduction) {
  case Reduction::min:
    return std::min(a, b);
  case Reduction::max:
    return std::max(a, b);
  case Reduction::bitAnd:
    return static_cast<T>(static_cast<uint64_t>(a) & static_cast<uint64_t>(b));
  case Reduction::bitOr:
    return static_cast<T>(static_cast<uint64_t>(a) | static_cast<uint64_t>(b));
  case Reduction::bitXor:
    return static_cast<T>(static_cast<uint64_t>(a) ^ static_cast<uint64_t>(b));
  default:
    return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  }
}

template <class T, class F> void update(std::byte *to, const std::byte *from, F f) {
  T a, b;
  std::memcpy(&a, to, sizeof a);
  std::memcpy(&b, from, sizeof b);
  a = f(a, b);
  std::memcpy(to, &a, sizeof a);
}

void reduceElement(std::byte *to, const std::byte *from, Reduction reduction, TensorMap::Element element) {
  using E = TensorMap::Element;
  auto whole = [&](auto zero) {
    using T = decltype(zero);
    update<T>(to, from, [&](T a, T b) { return integers(reduction, a, b); });
  };
  switch (element) {
  case E::f32:
  case E::f32Ftz:
  case E::tf32:
  case E::tf32Ftz:
    return update<float>(to, from, [](float a, float b) { return canonical(a + b); });
  case E::f64:
    return update<double>(to, from, [](double a, double b) { return a + b; });
  case E::f16:
  case E::bf16:
    return update<uint16_t>(to, from, [&](uint16_t a, uint16_t b) -> uint16_t {
      bool bf16 = element == E::bf16;
      float x = halfOf(a, bf16), y = halfOf(b, bf16);
      double sum = reduction == Reduction::min   ? minimum(x, y)
                   : reduction == Reduction::max ? maximum(x, y)
                                                 : fusedToOdd(x, 1, y);
      return bf16 ? toBf16(sum, Rounding::rn) : toF16(sum);
    });
  case E::u32:
    return whole(uint32_t());
  case E::s32:
    return whole(int32_t());
  case E::u64:
    return whole(uint64_t());
  case E::s64:
    return whole(int64_t());
  case E::u16:
    return whole(uint16_t());
  case E::u8:
    return whole(uint8_t());
  }
}

void writeChunk(const Block &block, const TensorChunk &chunk, const BulkWrite &write) {
  const std::byte *from = block.shared.data() + (chunk.shared - kSharedBase);
  std::byte *to = reinterpret_cast<std::byte *>(chunk.global);
  if (write.reduction == Reduction::none) {
    std::memcpy(to + chunk.from, from + chunk.from, chunk.to - chunk.from);
    return;
  }
  uint32_t bytes = elementBytes(write.element);
  for (uint32_t at = chunk.from; at < chunk.to; at += bytes)
    reduceElement(to + at, from + at, write.reduction, write.element);
}

void enterTarget(Warp &w, const TensorChunk &chunk, const BulkWrite &write, Epoch copy, uint32_t mask) {
  uint64_t at = chunk.global + chunk.from;
  uint32_t bytes = chunk.to - chunk.from;
  Allocation &allocation = checkGlobal(w, at, bytes, 1, mask);
  w.run->counters.globalWriteBytes += bytes;
  uint64_t offset = at - allocation.address;
  if (!w.run->settings.checks)
    return allocation.written.mark(offset, bytes);
  bool reduces = write.reduction != Reduction::none;
  if (reduces && !allocation.written.all(offset, bytes))
    fail(w, FaultKind::uninitialised, "adds to global memory at " + hex(at) + ", which nothing ever wrote", mask);
  Party party{&w.knows.generic, Epoch::of(copy.agent(), copy.clock(), reduces), w.run->firstAgent};
  Conflict conflict;
  if (allocation.cellsMade().enter(offset, bytes, true, party, conflict))
    failRace(w, conflict, true, "global memory", at, mask);
  allocation.written.mark(offset, bytes);
}

void release(Warp &w, BulkStore &store) {
  if (store.released)
    return;
  if (store.deferred)
    performNow(*w.run, store.deferred);
  store.deferred = 0;
  for (const BulkStore::Piece &piece : store.pieces)
    endRead(w, *w.block, piece.shared, piece.bytes, Epoch::of(w.agent, w.clock));
  store.released = true;
}

} // namespace

std::vector<TensorChunk> chunksOf(uint32_t shared, uint64_t global, uint32_t bytes) {
  std::vector<TensorChunk> chunks(bytes / 16);
  for (uint32_t i = 0; i < chunks.size(); ++i) {
    chunks[i].shared = shared + 16 * i;
    chunks[i].global = global + 16 * i;
    chunks[i].to = 16;
  }
  return chunks;
}

void startLoad(Warp &w, BulkLoad load, uint32_t mask) {
  if (w.run->settings.checks)
    checkGridWait(w, mask);
  Epoch copy = nextCopy(*w.block);
  Sources sources{w, mask, {&w.knows.generic, copy, w.run->firstAgent}};
  for (const TensorChunk &chunk : load.chunks)
    if (!chunk.outside())
      sources.check(chunk);
  Party party{&w.knows.generic, copy, w.block->cluster->firstAgent};
  for (Block *target : load.targets) {
    checkTarget(w, *target, load, party, mask);
    ++target->pendingCopies;
  }
  Warp *warp = &w;
  auto perform = [warp, copy, load = std::move(load)] { land(*warp, load, copy); };
  if (happensNow(*w.run))
    perform();
  else
    defer(w, std::move(perform));
}

void startStore(Warp &w, BulkWrite write, uint32_t lane) {
  uint32_t mask = 1u << lane;
  if (w.run->settings.checks)
    checkGridWait(w, mask);
  BulkStore store;
  store.program = w.program;
  store.instruction = &w.present();
  store.lane = lane;
  store.group = w.async->storeGroup[lane];
  Epoch copy = nextCopy(*w.block);
  store.copyClock = copy.clock();
  for (const TensorChunk &chunk : write.chunks) {
    checkShared(w, {w.block, chunk.shared}, 16, 16, mask);
    if (chunk.outside())
      continue;
    beginRead(w, *w.block, chunk.shared - kSharedBase + chunk.from, static_cast<uint32_t>(chunk.to - chunk.from), mask);
    enterTarget(w, chunk, write, copy, mask);
    store.pieces.push_back({chunk.shared - kSharedBase + chunk.from, static_cast<uint16_t>(chunk.to - chunk.from)});
    w.run->counters.sharedReadBytes += chunk.to - chunk.from;
  }
  Block *block = w.block;
  auto perform = [block, write = std::move(write)] {
    for (const TensorChunk &chunk : write.chunks)
      if (!chunk.outside())
        writeChunk(*block, chunk, write);
  };
  if (happensNow(*w.run))
    perform();
  else
    store.deferred = defer(w, std::move(perform));
  w.async->stores.push_back(std::move(store));
}

void startMove(Warp &w, const BulkMove &move, uint32_t mask) {
  Epoch copy = nextCopy(*w.block);
  checkShared(w, move.from, move.bytes, 16, mask);
  checkShared(w, move.to, move.bytes, 16, mask);
  mbarrierAt(w, move.mbarrier, mask);
  beginRead(w, *move.from.block, move.from.offset(), move.bytes, mask);
  beginWrite(w, *move.to.block, move.to.offset(), move.bytes, {&w.knows.generic, copy, w.block->cluster->firstAgent}, mask);
  ++move.to.block->pendingCopies;
  Warp *warp = &w;
  auto perform = [warp, copy, move] {
    std::memmove(move.to.bytes(), move.from.bytes(), move.bytes);
    endWrite(*move.to.block, move.to.offset(), move.bytes);
    for (uint32_t at = 0; at < move.bytes && warp->run->settings.checks; at += 16)
      --move.from.block->inFlight.readers[(move.from.offset() + at) >> 4];
    --move.to.block->pendingCopies;
    completeBytes(*warp, move.mbarrier, move.bytes, copy);
  };
  if (happensNow(*w.run))
    perform();
  else
    defer(w, std::move(perform));
}

void commitStores(Warp &w, uint32_t mask) {
  for (uint32_t left = mask; left; left &= left - 1)
    ++w.async->storeGroup[std::countr_zero(left)];
}

void waitStores(Warp &w, uint32_t mask, uint32_t newest, bool readOnly) {
  for (BulkStore &store : w.async->stores) {
    if (!(mask >> store.lane & 1) || store.group + newest >= w.async->storeGroup[store.lane])
      continue;
    release(w, store);
    if (readOnly)
      continue;
    if (w.run->settings.checks)
      w.knows.generic.raise(w.block->copyAgent, store.copyClock);
    store.isDone = true;
  }
  std::erase_if(w.async->stores, [](const BulkStore &store) { return store.isDone; });
}

} // namespace skip::emulator
