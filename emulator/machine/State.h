// What runs: warps with their paths, blocks, clusters, one launch.
#pragma once

#include "emulator/machine/Allocations.h"
#include "emulator/machine/Program.h"

#include <functional>
#include <random>

namespace skip::emulator {

struct Block;
struct Cluster;
struct Run;

/// One activation of a function: its registers, and for calls what it may name as memory.
struct Frame {
  const Program *program = nullptr;
  std::vector<std::byte> registers;
  std::vector<std::byte> params; // 32 lanes x frameParamBytes
  int caller = -1;               // path that waits for this frame's return
  uint32_t call = 0;             // index of the call in the caller's program
  std::byte *file() { return registers.data(); }
};

struct Barrier {
  uint32_t expected = 0, arrived = 0, generation = 0;
  bool whole = true;                   // of all threads, without a number
  uint32_t holding = 0, voting = 0;    // of barrier.red: threads whose predicate holds, all of them
  uint32_t outcome = 0, outcomeOf = 0; // the same of the last one that was complete
  Knowledge collected, completed;
};

enum class Waiting : uint8_t { no, barrier, clusterBarrier, mbarrier, registers, warpgroup, children };

/// Lanes that run together. A divergent branch turns a path into the place where its children meet again.
struct Path {
  uint32_t mask = 0, pc = 0, reconverge = kNoReconvergence;
  uint32_t arrived = 0; // lanes that wait here for the other children
  int parent = -1, children = 0;
  Frame *frame = nullptr;
  Waiting waiting = Waiting::no;
  uint32_t object = 0; // barrier's number or mbarrier's address
  Block *objectBlock = nullptr;
  Barrier *arrivedAt = nullptr; // counted there already
  bool isLive = false;
};

struct BulkOperation;
struct WarpAsync;
struct Warpgroup;

struct Warp {
  std::byte *file = nullptr; // of the current path's frame
  const Program *program = nullptr;
  Block *block = nullptr;
  Run *run = nullptr;
  uint32_t index = 0; // in its block
  uint32_t alive = 0; // lanes that have not ended
  std::vector<Path> paths;
  int current = 0;
  bool stop = false; // the loop must look at the path again: it waits, branched apart, or ended
  uint32_t pc = 0;   // of the instruction behind the present one
  uint32_t mask = 0; // lanes of the current path
  std::vector<std::unique_ptr<Frame>> frames;
  std::vector<std::byte> local; // 32 lanes x localBytes
  std::unique_ptr<WrittenBits> localWritten;
  uint32_t localBytes = 0;

  uint64_t agent = 0;
  uint32_t clock = 1;
  Knowledge knows;
  Knowledge released[2], acquired[2]; // at the last fence; what the next fence takes over. Of blocks, of the device
  uint64_t spins = 0;                 // failed tests in a row
  int runnableAt = -1;                // in the scheduler's list
  uint32_t registersHeld = 0;
  uint32_t clusterArrival[32] = {}; // of each lane: 1 + the phase of the cluster's barrier that it arrived in; 0: none
  std::unique_ptr<WarpAsync> async;

  template <class T> T *at(uint32_t slot) { return reinterpret_cast<T *>(file + slot); }
  Path &path() { return paths[static_cast<size_t>(current)]; }
  const Instruction &present() const { return program->code[pc - 1]; }
  void tick() { knows.generic.raise(agent, ++clock); }
};

struct Mbarrier {
  uint32_t expected = 0, pending = 0;
  int64_t transactions = 0;
  uint32_t phase = 0;
  Epoch made;
  bool isFenced = false;
  Knowledge collected, completed;
};

/// Where something asynchronous is still to be written (by four bytes) or read (by sixteen).
struct InFlight {
  static constexpr uint8_t kMbarrier = 255;
  std::vector<uint8_t> writers;
  std::vector<uint16_t> readers;

  /// Whether a read there, or a write, has to wait for something.
  bool touches(uint32_t offset, uint32_t bytes, bool write) const {
    uint32_t any = 0;
    for (uint32_t at = offset >> 2, end = (offset + bytes + 3) >> 2; at < end; ++at)
      any |= writers[at];
    for (uint32_t at = offset >> 4, end = write ? (offset + bytes + 15) >> 4 : 0; at < end; ++at)
      any |= readers[at];
    return any != 0;
  }
};

struct Block {
  Cluster *cluster = nullptr;
  Run *run = nullptr;
  uint32_t rank = 0; // in the cluster
  Dim3 index;
  uint32_t sharedBytes = 0;
  std::vector<std::byte> shared;
  std::unique_ptr<WrittenBits> written;
  std::unique_ptr<Cells> cells;
  InFlight inFlight;
  std::vector<std::unique_ptr<Warp>> warps;
  uint32_t liveWarps = 0, liveThreads = 0;
  Barrier barriers[16];
  std::map<uint32_t, Mbarrier> mbarriers; // by address
  std::vector<std::unique_ptr<Warpgroup>> warpgroups;
  uint64_t copyAgent = 0;
  uint32_t copyClock = 0;
  uint32_t registersHeld = 0; // by its warps, as setmaxnreg counts them
  uint32_t pendingCopies = 0; // that write into its shared memory
};

struct Cluster {
  uint64_t serial = 0, firstAgent = 0;
  uint32_t agents = 0;
  std::vector<std::unique_ptr<Block>> blocks;
  uint32_t liveWarps = 0, liveThreads = 0;
  uint32_t arrived = 0, phase = 0; // of barrier.cluster, in threads
  Knowledge collected, completed;
  Dim3 index;
};

/// Something that happens later than the instruction that asked for it.
struct Deferred {
  std::function<void()> perform;
  const Cluster *cluster = nullptr; // that asked for it; it happens before that ends
  uint64_t id = 0;
};

struct SyncVariable {
  Knowledge released[2]; // within a block, to the whole device
  uint64_t blockSerial = 0;
};

struct Run {
  const Architecture *architecture = nullptr;
  MemoryState *memory = nullptr;
  Settings settings;
  const Launch *launch = nullptr;
  const Program *program = nullptr;
  const KernelInfo *kernel = nullptr;
  Counters counters;
  std::mt19937_64 random;

  uint64_t firstAgent = 0; // of this launch
  uint64_t nextCluster = 0, clusterCount = 0, liveClusters = 0;
  uint64_t mostClusters = 0;                // at once; 0: not known yet
  uint64_t orderFactor = 1, orderShift = 0; // the order of clusters
  std::vector<std::unique_ptr<Cluster>> resident, spare;
  std::vector<Warp *> runnable;
  std::deque<Deferred> deferred;
  uint64_t nextDeferred = 1;
  std::map<uint64_t, SyncVariable> syncVariables; // by address
  Allocation *cached = nullptr;                   // the one that was used last
  bool mustWait = false;                          // programmatic: global memory only behind griddepcontrol.wait
  bool everyBlockWaited = true;
  bool notCovered = false; // a launch in front of that in front may not have ended
  std::string notCoveredBy;
  uint64_t clockReads = 0;

  uint64_t below(uint64_t bound) { return bound ? random() % bound : 0; }
};

} // namespace skip::emulator
