// The instructions of bulk copies: rows of memory, boxes of tensors, and their groups.
#include "emulator/machine/Async.h"
#include "emulator/machine/Bulk.h"
#include "emulator/machine/Faults.h"
#include "emulator/machine/Mbarriers.h"
#include "emulator/machine/ops/MemoryOps.h"

#include <cstring>

namespace skip::emulator {
namespace {

/// Places of the operands: Detail::a is {destination, source, mbarrier, size, mask}, b the coordinates, c the offsets. What is
/// absent is 0. numbers: kind of the copy and its modifiers, then displacements of destination, source and mbarrier.
enum Part : int { kTo, kFrom, kBarrier, kSize, kMask, kParts };
constexpr int kReduction = 0, kElement = 1, kIm2col = 2, kDisplacement = 4;
enum class Way : uint8_t { load, store, move };

uint64_t addressAt(Warp &w, const Detail &detail, Part part, int lane) {
  int64_t displacement = static_cast<int32_t>(detail.numbers[kDisplacement + part]);
  uint64_t base = detail.narrow >> part & 1 ? w.at<uint32_t>(detail.a[part])[lane] : w.at<uint64_t>(detail.a[part])[lane];
  return base + static_cast<uint64_t>(displacement);
}

/// A tensor map is parameters, constants or global memory, 128 bytes of it.
TensorMap mapAt(Warp &w, uint64_t address, uint32_t bit) {
  TensorMap map;
  const void *from = nullptr;
  if ((address & kWindowMask) == kParamWindow) {
    uint64_t offset = address & ~kWindowMask;
    if (offset + sizeof map > w.run->launch->params.size())
      fail(w, FaultKind::illegalTensorMap, "a tensor map at " + hex(offset) + " of the parameters, beyond their end", bit);
    from = w.run->launch->params.data() + offset;
  } else {
    Allocation &allocation = checkGlobal(w, address, sizeof map, 1, bit);
    if (!allocation.written.all(address - allocation.address, sizeof map))
      fail(w, FaultKind::illegalTensorMap, "a tensor map at " + hex(address) + ", where nothing was ever written", bit);
    from = reinterpret_cast<const void *>(address);
  }
  if (address & 63)
    fail(w, FaultKind::illegalTensorMap, "a tensor map at " + hex(address) + ", which is no multiple of 64", bit);
  std::memcpy(&map, from, sizeof map);
  if (map.magic != TensorMap::kMagic)
    fail(w, FaultKind::illegalTensorMap, "at " + hex(address) + " is no tensor map", bit);
  return map;
}

struct Box {
  TensorMap map;
  std::vector<TensorChunk> chunks;
};

Box boxOf(Warp &w, const Instruction &in, const Detail &detail, int lane, uint32_t shared, bool store) {
  uint32_t bit = 1u << lane;
  Box box;
  box.map = mapAt(w, addressAt(w, detail, store ? kTo : kFrom, lane), bit);
  std::vector<int32_t> coordinates;
  std::vector<uint16_t> offsets;
  for (uint32_t place : detail.b)
    coordinates.push_back(w.at<int32_t>(place)[lane]);
  for (uint32_t place : detail.c)
    offsets.push_back(w.at<uint16_t>(place)[lane]);
  if ((box.map.im2col != 0) != (detail.numbers[kIm2col] != 0))
    fail(w, FaultKind::illegalTensorMap, box.map.im2col ? "an im2col map in tile mode" : "a tiled map in im2col mode", bit);
  TensorAccess access{coordinates, offsets, shared, store};
  if (std::optional<std::string> refusal = refusalOf(box.map, access))
    fail(w, FaultKind::illegalTensorMap, *refusal, bit);
  walk(box.map, access, box.chunks);
  return box;
}

std::vector<Block *> targetsOf(Warp &w, const Detail &detail, int lane, const SharedPlace &to) {
  if (!detail.a[kMask])
    return {to.block};
  uint16_t wanted = w.at<uint16_t>(detail.a[kMask])[lane];
  auto &blocks = w.block->cluster->blocks;
  std::vector<Block *> targets;
  for (size_t rank = 0; rank < 16; ++rank) {
    if (!(wanted >> rank & 1))
      continue;
    if (rank >= blocks.size())
      fail(w, FaultKind::outOfBounds,
           "multicasts to block " + std::to_string(rank) + " of a cluster of " + std::to_string(blocks.size()), 1u << lane);
    targets.push_back(blocks[rank].get());
  }
  if (targets.empty())
    fail(w, FaultKind::illegalInstruction, "multicasts to no block", 1u << lane);
  return targets;
}

uint32_t sizeOf(Warp &w, const Detail &detail, int lane) {
  uint32_t bytes = w.at<uint32_t>(detail.a[kSize])[lane];
  if (bytes == 0 || bytes % 16)
    fail(w, FaultKind::misaligned, "a bulk copy of " + std::to_string(bytes) + " bytes: a multiple of 16 is wanted",
         1u << lane);
  return bytes;
}

void checkSixteen(Warp &w, uint64_t address, uint32_t bit) {
  if (address & 15)
    fail(w, FaultKind::misaligned, "address " + hex(address) + " of a bulk copy is no multiple of 16", bit);
}

template <class F> void eachLane(uint32_t mask, F f) {
  for (uint32_t left = mask; left; left &= left - 1)
    f(std::countr_zero(left), left & -left);
}

void load(Warp &w, const Instruction &in, uint32_t mask) {
  const Detail &detail = w.program->details[in.target];
  eachLane(mask, [&](int lane, uint32_t bit) {
    SharedPlace to = sharedPlace(w, addressAt(w, detail, kTo, lane), bit);
    SharedPlace barrier = sharedPlace(w, addressAt(w, detail, kBarrier, lane), bit);
    BulkLoad load;
    load.mbarrier = barrier.address;
    load.targets = targetsOf(w, detail, lane, to);
    if (to.block != barrier.block)
      fail(w, FaultKind::illegalBarrier, "a copy into one block that ends at an mbarrier of another", bit);
    if (detail.b.empty()) {
      uint64_t from = addressAt(w, detail, kFrom, lane);
      checkSixteen(w, from, bit);
      checkSixteen(w, to.address, bit);
      load.bytes = sizeOf(w, detail, lane);
      checkShared(w, to, load.bytes, 16, bit);
      load.chunks = chunksOf(to.address, from, load.bytes);
    } else {
      Box box = boxOf(w, in, detail, lane, to.address, false);
      load.bytes = boxBytes(box.map);
      load.chunks = std::move(box.chunks);
      load.fill = fillOf(box.map);
    }
    startLoad(w, std::move(load), bit);
  });
}

void store(Warp &w, const Instruction &in, uint32_t mask) {
  const Detail &detail = w.program->details[in.target];
  eachLane(mask, [&](int lane, uint32_t bit) {
    SharedPlace from = sharedPlace(w, addressAt(w, detail, kFrom, lane), bit);
    BulkWrite write;
    write.reduction = static_cast<Reduction>(detail.numbers[kReduction]);
    write.element = static_cast<TensorMap::Element>(detail.numbers[kElement]);
    if (from.block != w.block)
      fail(w, FaultKind::outOfBounds, "stores from shared memory of another block", bit);
    if (detail.b.empty()) {
      uint64_t to = addressAt(w, detail, kTo, lane);
      checkSixteen(w, to, bit);
      checkSixteen(w, from.address, bit);
      uint32_t bytes = sizeOf(w, detail, lane);
      checkShared(w, from, bytes, 16, bit);
      write.chunks = chunksOf(from.address, to, bytes);
    } else {
      Box box = boxOf(w, in, detail, lane, from.address, true);
      write.chunks = std::move(box.chunks);
      write.element = box.map.element;
    }
    startStore(w, std::move(write), static_cast<uint32_t>(lane));
  });
}

void move(Warp &w, const Instruction &in, uint32_t mask) {
  const Detail &detail = w.program->details[in.target];
  eachLane(mask, [&](int lane, uint32_t bit) {
    BulkMove move;
    move.to = sharedPlace(w, addressAt(w, detail, kTo, lane), bit);
    move.from = sharedPlace(w, addressAt(w, detail, kFrom, lane), bit);
    move.mbarrier = sharedPlace(w, addressAt(w, detail, kBarrier, lane), bit);
    move.bytes = sizeOf(w, detail, lane);
    startMove(w, move, bit);
  });
}

void commit(Warp &w, const Instruction &, uint32_t mask) { commitStores(w, mask); }
void wait(Warp &w, const Instruction &in, uint32_t mask) { waitStores(w, mask, static_cast<uint32_t>(in.immediate), in.kind); }
void nothing(Warp &, const Instruction &, uint32_t) {}

/// `[a + 4]` into the part's place and displacement.
void takeAddress(Decoding &d, Detail &detail, Part part, const Operand &operand) {
  d.address(operand);
  detail.a[part] = d.in.a;
  detail.numbers[kDisplacement + part] = static_cast<uint32_t>(d.in.immediate);
  detail.narrow |= static_cast<uint32_t>(d.in.narrowAddress) << part;
  if (d.in.immediate != static_cast<int32_t>(d.in.immediate))
    d.fail("a displacement of more than 32 bits");
}

/// `[map, {c0, c1}]`.
void takeTensor(Decoding &d, Detail &detail, Part part, const Operand &operand, size_t rank) {
  if (operand.kind != Operand::Kind::memory || operand.parts.size() != 2)
    d.fail("a tensor map with coordinates is expected");
  Operand base = operand;
  base.parts.pop_back();
  takeAddress(d, detail, part, base);
  detail.b = d.sources(operand.parts[1], Type::b32, rank);
}

/// `.shared::cluster.global` and so on, the destination first; both names may be the same family, so their order counts.
Way takeWay(Decoding &d, bool reduce) {
  std::string_view opcode = d.statement.opcode;
  size_t global = opcode.find(".global"), shared = opcode.find(".shared");
  if (shared == opcode.npos)
    d.fail("`.shared` is missing");
  if (global == opcode.npos) {
    if (!d.take("shared::cluster") || !d.take("shared::cta"))
      d.fail("bulk copies go between .shared::cta, .shared::cluster and .global");
    return Way::move;
  }
  d.take("global");
  if (d.takeOneOf({"shared::cluster", "shared::cta"}) < 0)
    d.fail("`.shared::cluster` or `.shared::cta` is missing");
  if (reduce && global > shared)
    d.fail("reductions go to global memory");
  return shared < global ? Way::load : Way::store;
}

int takeMode(Decoding &d) { // im2col or not
  int mode = d.takeOneOf({"tile", "im2col", "im2col_no_offs"});
  return mode == 1 || mode == 2;
}

TensorMap::Element elementOf(Decoding &d, Type type) {
  using E = TensorMap::Element;
  switch (type) {
  case Type::f16:
    return E::f16;
  case Type::bf16:
    return E::bf16;
  case Type::f32:
    return E::f32;
  case Type::f64:
    return E::f64;
  case Type::u32:
  case Type::b32:
    return E::u32;
  case Type::s32:
    return E::s32;
  case Type::u64:
  case Type::b64:
    return E::u64;
  case Type::s64:
    return E::s64;
  default:
    d.refuseType(type);
  }
}

void takeReduction(Decoding &d, Detail &detail, bool isTensor) {
  int reduction = d.takeOneOf({"add", "min", "max", "and", "or", "xor"});
  if (reduction < 0)
    d.fail("a reduction is missing");
  detail.numbers[kReduction] = static_cast<uint32_t>(reduction + 1);
  d.take("noftz");
  if (!isTensor)
    detail.numbers[kElement] = static_cast<uint32_t>(elementOf(d, d.takeType()));
}

void decodePrefetch(Decoding &d) {
  d.takeOneOf({"tensor"});
  for (std::string_view rank : {"1d", "2d", "3d", "4d", "5d"})
    d.take(rank);
  d.take("L2");
  d.take("global");
  d.take("L2::cache_hint");
  takeMode(d);
  d.in.execute = nothing;
}

void takeTail(Decoding &d, Detail &detail, Way way, size_t next, bool multicast, bool policy) {
  if (multicast)
    detail.a[kMask] = d.source(next++, Type::u16);
  if (policy)
    d.source(next++, Type::b64);
  d.wantOperands(next, next);
  d.in.execute = way == Way::load ? load : way == Way::store ? store : move;
}

void decodeTensor(Decoding &d, bool reduce) {
  static constexpr std::initializer_list<std::string_view> kRanks = {"1d", "2d", "3d", "4d", "5d"};
  int index = d.takeOneOf(kRanks);
  if (index < 0)
    d.fail("a rank is missing");
  size_t rank = static_cast<size_t>(index) + 1;
  Way way = takeWay(d, reduce);
  bool offsets = way == Way::load;
  Detail &detail = d.addDetail();
  detail.a.assign(kParts, 0);
  detail.numbers[kIm2col] = static_cast<uint32_t>(takeMode(d));
  bool group = d.take("bulk_group"), counted = d.take("mbarrier::complete_tx::bytes");
  bool multicast = d.take("multicast::cluster"), policy = d.take("L2::cache_hint");
  if (reduce)
    takeReduction(d, detail, true);
  if (way == Way::move || (way == Way::load ? !counted || group : !group || counted || multicast))
    d.fail("loads complete at an mbarrier, stores in a bulk group");
  size_t next = 2;
  if (way == Way::load) {
    takeAddress(d, detail, kTo, d.operand(0));
    takeTensor(d, detail, kFrom, d.operand(1), rank);
    takeAddress(d, detail, kBarrier, d.operand(2));
    next = 3;
    if (offsets && detail.numbers[kIm2col]) {
      if (rank < 3)
        d.fail("im2col wants three dimensions or more");
      detail.c = d.sources(d.operand(next++), Type::u16, rank - 2);
    }
  } else {
    takeTensor(d, detail, kTo, d.operand(0), rank);
    takeAddress(d, detail, kFrom, d.operand(1));
  }
  takeTail(d, detail, way, next, multicast, policy);
}

void decodeRow(Decoding &d, bool reduce) {
  Way way = takeWay(d, reduce);
  Detail &detail = d.addDetail();
  detail.a.assign(kParts, 0);
  bool group = d.take("bulk_group"), counted = d.take("mbarrier::complete_tx::bytes");
  bool multicast = d.take("multicast::cluster"), policy = d.take("L2::cache_hint");
  if (reduce)
    takeReduction(d, detail, false);
  if (way == Way::store ? !group || counted : !counted || group)
    d.fail("loads complete at an mbarrier, stores in a bulk group");
  takeAddress(d, detail, kTo, d.operand(0));
  takeAddress(d, detail, kFrom, d.operand(1));
  detail.a[kSize] = d.source(2, Type::u32);
  if (counted)
    takeAddress(d, detail, kBarrier, d.operand(3));
  takeTail(d, detail, way, counted ? 4 : 3, multicast, policy);
}

} // namespace

void decodeBulk(Decoding &d, bool reduce) {
  d.wantArchitecture(90);
  if (d.take("commit_group")) {
    d.wantOperands(0, 0);
    d.in.execute = commit;
  } else if (d.take("wait_group")) {
    d.in.kind = d.take("read");
    d.wantOperands(1, 1);
    d.in.immediate = d.integer(0);
    if (d.in.immediate < 0 || d.in.immediate > 0xffff)
      d.fail("a number of groups that may be open");
    d.in.execute = wait;
  } else if (d.take("prefetch")) {
    decodePrefetch(d);
  } else if (d.take("tensor")) {
    decodeTensor(d, reduce);
  } else {
    decodeRow(d, reduce);
  }
}

} // namespace skip::emulator
