// Asynchronous work: what is on its way, and when it takes effect.
#pragma once

#include "emulator/machine/State.h"

namespace skip::emulator {

class Decoding;
void decodeClusterBarrier(Decoding &d);

/// cp.async of one instruction, for lanes whose group is the same.
struct LaneCopy {
  const Program *program = nullptr;
  const Instruction *instruction = nullptr;
  uint32_t mask = 0, group = 0, bytes = 0;
  uint32_t sourceBytes[32] = {};
  uint64_t from[32] = {};
  uint32_t to[32] = {}; // offsets in the own block's shared memory
  bool done = false;
};

/// A bulk copy from shared to global memory of one thread, which its groups wait for.
struct BulkStore {
  const Program *program = nullptr;
  const Instruction *instruction = nullptr;
  uint32_t lane = 0, group = 0, copyClock = 0;
  uint64_t deferred = 0; // 0: done
  struct Piece {
    uint32_t shared;
    uint16_t bytes;
  };
  std::vector<Piece> pieces;
  bool released = false; // its shared memory may be written again
  bool isDone = false;
};

/// One warp's part of a wgmma.
struct Product {
  const Program *program = nullptr;
  const Instruction *instruction = nullptr;
  Frame *frame = nullptr;
  uint32_t group = 0;
  uint64_t descriptorA = 0, descriptorB = 0;
  bool scaleD = true;
};

/// A wgmma of four warps. It runs when all four have issued it, and is complete as a whole: a warp that has waited for it knows
/// that the other three have read their operands too.
struct GroupProduct {
  uint32_t issued = 0, waited = 0; // bit a warp
  Product parts[4];
  std::vector<uint32_t> pieces; // offsets of sixteen bytes in shared memory that are read
  bool now = false, done = false, released = false;
};

struct Warpgroup {
  uint64_t agent = 0;
  uint32_t firstProduct = 0; // number of the first in the list; products count from there
  std::deque<GroupProduct> products;
};

struct WarpAsync {
  std::vector<LaneCopy> copies;
  uint32_t copyGroup[32] = {}; // groups that each lane has committed
  std::deque<BulkStore> stores;
  uint32_t storeGroup[32] = {};
  std::deque<Product> products; // not waited for
  uint32_t productGroup = 0, productsIssued = 0, productsWaited = 0;
  bool wgmmaFenced = false;
  std::vector<uint8_t> inFlight; // by place of register / 64: products that write it
  uint32_t inFlightCount = 0;
  std::vector<uint8_t> readInFlight; // the same, that read it

  /// For a warp that begins. Memory is kept, since blocks begin often.
  void clear() {
    copies.clear();
    std::fill(std::begin(copyGroup), std::end(copyGroup), 0);
    stores.clear();
    std::fill(std::begin(storeGroup), std::end(storeGroup), 0);
    products.clear();
    productGroup = productsIssued = productsWaited = inFlightCount = 0;
    wgmmaFenced = false;
    inFlight.clear();
    readInFlight.clear();
  }
};

/// Whether what is asked for now happens at once; otherwise later.
bool happensNow(Run &run);
/// Does one piece of what was put off, drawn by the seed; false if there is none.
bool performDeferred(Run &run);
uint64_t defer(Warp &w, std::function<void()> perform);
/// All that the cluster asked for.
void performAllOf(Run &run, const Cluster &cluster);
/// Does it now if it has not been done.
void performNow(Run &run, uint64_t id);

/// fence.mbarrier_init and fence.proxy.async: others may use the mbarriers that this warp made.
void fenceMbarriers(Warp &w);
/// What a warp that ends must not leave behind.
void checkLeftBehind(Warp &w);
/// Called in front of each instruction while products are in flight.
void watchRegisters(Warp &w, const Instruction &in);

} // namespace skip::emulator
