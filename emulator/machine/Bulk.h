// Copies of many bytes that one thread asks for: rows of memory, and boxes of tensors.
#pragma once

#include "emulator/machine/Access.h"
#include "emulator/tensor/TensorWalk.h"

namespace skip::emulator {

class Decoding;
/// Behind `cp.async.bulk` and `cp.reduce.async.bulk`.
void decodeBulk(Decoding &d, bool reduce);

/// Into the shared memory of blocks; each gets its bytes counted at the mbarrier at the same address.
struct BulkLoad {
  std::vector<TensorChunk> chunks; // their shared addresses are those within a block
  std::array<uint8_t, 16> fill = {};
  std::vector<Block *> targets;
  uint32_t mbarrier = 0, bytes = 0;
};
void startLoad(Warp &w, BulkLoad load, uint32_t mask);

enum class Reduction : uint8_t { none, add, min, max, bitAnd, bitOr, bitXor };

/// From the own block's shared memory.
struct BulkWrite {
  std::vector<TensorChunk> chunks;
  Reduction reduction = Reduction::none;
  TensorMap::Element element = TensorMap::Element::u8;
};
void startStore(Warp &w, BulkWrite write, uint32_t lane);
/// From shared memory to that of a block of the cluster, counted at its mbarrier.
struct BulkMove {
  SharedPlace from, to, mbarrier;
  uint32_t bytes = 0;
};
void startMove(Warp &w, const BulkMove &move, uint32_t mask);

void commitStores(Warp &w, uint32_t mask);
/// `readOnly`: shared memory may be written again, no more.
void waitStores(Warp &w, uint32_t mask, uint32_t newest, bool readOnly);

std::vector<TensorChunk> chunksOf(uint32_t shared, uint64_t global, uint32_t bytes);

} // namespace skip::emulator
