// Clusters of blocks: their barrier and addresses of each other's shared memory. And registers that warpgroups hand over.
#include "emulator/machine/Async.h"
#include "emulator/machine/Converged.h"
#include "emulator/machine/Faults.h"
#include "emulator/machine/Paths.h"
#include "emulator/machine/ops/MemoryOps.h"

namespace skip::emulator {
namespace {

enum : uint8_t { kAligned = 1, kRelaxed = 2 };

void completeCluster(Cluster &cluster) {
  cluster.arrived = 0;
  ++cluster.phase;
  cluster.completed = cluster.collected;
  wake(cluster, Waiting::clusterBarrier, nullptr, 0);
}

void arriveCluster(Warp &w, const Instruction &in, uint32_t mask) {
  Cluster &cluster = *w.block->cluster;
  if (in.kind & kAligned)
    needWarp(w, mask);
  for (uint32_t left = mask; left; left &= left - 1) {
    uint32_t &arrivedIn = w.clusterArrival[std::countr_zero(left)];
    if (arrivedIn == cluster.phase + 1)
      fail(w, FaultKind::illegalBarrier, "arrives at the cluster's barrier twice without waiting", left & -left);
    arrivedIn = cluster.phase + 1;
  }
  if (w.run->settings.checks) {
    if (!(in.kind & kRelaxed))
      cluster.collected.join(w.knows);
    w.tick();
  }
  cluster.arrived += static_cast<uint32_t>(std::popcount(mask));
  if (cluster.arrived >= cluster.liveThreads)
    completeCluster(cluster);
}

void waitCluster(Warp &w, const Instruction &in, uint32_t mask) {
  Cluster &cluster = *w.block->cluster;
  if (in.kind & kAligned)
    needWarp(w, mask);
  for (uint32_t left = mask; left; left &= left - 1)
    if (w.clusterArrival[std::countr_zero(left)] == 0)
      fail(w, FaultKind::illegalBarrier, "waits at the cluster's barrier without having arrived", left & -left);
  if (w.clusterArrival[std::countr_zero(mask)] == cluster.phase + 1)
    return waitAt(w, Waiting::clusterBarrier, nullptr, 0, true);
  for (uint32_t left = mask; left; left &= left - 1)
    w.clusterArrival[std::countr_zero(left)] = 0;
  if (w.run->settings.checks)
    w.knows.join(cluster.completed);
}

void mapAddress(Warp &w, const Instruction &in, uint32_t mask) {
  uint32_t blocks = static_cast<uint32_t>(w.block->cluster->blocks.size());
  for (uint32_t left = mask; left; left &= left - 1) {
    int lane = std::countr_zero(left);
    uint32_t rank = w.at<uint32_t>(in.b)[lane];
    if (rank >= blocks)
      fail(w, FaultKind::outOfBounds, "block " + std::to_string(rank) + " of a cluster of " + std::to_string(blocks),
           left & -left);
    uint64_t address = in.narrowAddress ? w.at<uint32_t>(in.a)[lane] : w.at<uint64_t>(in.a)[lane];
    uint64_t window = address & kWindowMask;
    uint64_t mapped = window | uint64_t(rank + 1) << kRankShift | (address & ((1u << kRankShift) - 1));
    if (in.narrowAddress)
      w.at<uint32_t>(in.dst)[lane] = static_cast<uint32_t>(mapped);
    else
      w.at<uint64_t>(in.dst)[lane] = mapped;
  }
}

void rankOf(Warp &w, const Instruction &in, uint32_t mask) {
  for (uint32_t left = mask; left; left &= left - 1) {
    int lane = std::countr_zero(left);
    uint64_t address = in.narrowAddress ? w.at<uint32_t>(in.a)[lane] : w.at<uint64_t>(in.a)[lane];
    w.at<uint32_t>(in.dst)[lane] = sharedPlace(w, address, left & -left).block->rank;
  }
}

void decodeMapping(Decoding &d, bool rank) {
  d.wantArchitecture(90);
  d.take("shared::cluster");
  Type type = d.wantType({Type::u32, Type::u64});
  d.in.narrowAddress = type == Type::u32;
  d.wantOperands(rank ? 2 : 3, rank ? 2 : 3);
  d.in.dst = d.destination(0, rank ? Type::u32 : type);
  d.in.a = d.source(1, type);
  if (!rank)
    d.in.b = d.source(2, Type::u32);
  d.in.execute = rank ? rankOf : mapAddress;
}
void decodeMapa(Decoding &d) { decodeMapping(d, false); }
void decodeGetctarank(Decoding &d) { decodeMapping(d, true); }

/// A warpgroup asks for registers, all four of its warps; what others have given back must be enough. That is checked against
/// what the block got at its launch, or may have got at most: 64 K divided among its threads.
void setRegisters(Warp &w, const Instruction &in, uint32_t mask) {
  needWarp(w, mask);
  Block &block = *w.block;
  uint32_t warps = static_cast<uint32_t>(block.warps.size());
  uint32_t atLaunch = std::min<uint32_t>(w.run->architecture->registersPerMultiprocessor / (warps * 32) / 8 * 8, 255 / 8 * 8);
  if (block.registersHeld == 0) {
    for (auto &warp : block.warps)
      warp->registersHeld = atLaunch;
    block.registersHeld = warps * atLaunch;
  }
  uint32_t wanted = static_cast<uint32_t>(in.immediate);
  bool more = in.kind;
  if (more ? wanted < w.registersHeld : wanted > w.registersHeld)
    fail(w, FaultKind::outOfResources,
         "asks for " + std::to_string(wanted) + " registers and has " + std::to_string(w.registersHeld), mask);
  uint32_t others = block.registersHeld - w.registersHeld;
  if ((others + wanted) * 32 > w.run->architecture->registersPerMultiprocessor)
    return waitAt(w, Waiting::registers, &block, 0, true); // until others give some back
  block.registersHeld = others + wanted;
  w.registersHeld = wanted;
  if (!more)
    wake(*block.cluster, Waiting::registers, &block, 0);
}

void decodeSetmaxnreg(Decoding &d) {
  d.wantArchitecture(90, true);
  int action = d.takeOneOf({"dec", "inc"});
  if (action < 0 || !d.take("sync") || !d.take("aligned"))
    d.fail("`.inc` or `.dec`, and `.sync.aligned` are wanted");
  d.wantType({Type::u32});
  d.wantOperands(1, 1);
  d.in.immediate = d.integer(0);
  d.in.kind = static_cast<uint8_t>(action);
  if (d.in.immediate < 24 || d.in.immediate > 256 || d.in.immediate % 8)
    d.fail("a number of registers is a multiple of 8 from 24 to 256");
  d.in.execute = setRegisters;
}

constexpr Operation kOperations[] = {{"mapa", decodeMapa}, {"getctarank", decodeGetctarank}, {"setmaxnreg", decodeSetmaxnreg}};

} // namespace

void decodeClusterBarrier(Decoding &d) {
  d.wantArchitecture(90);
  int action = d.takeOneOf({"arrive", "wait"});
  if (action < 0)
    d.fail("`.arrive` or `.wait` is missing");
  int order = d.takeOneOf({"release", "acquire", "relaxed"});
  d.in.kind = static_cast<uint8_t>((d.take("aligned") ? kAligned : 0) | (order == 2 ? kRelaxed : 0));
  d.wantOperands(0, 0);
  d.in.execute = action == 0 ? arriveCluster : waitCluster;
}

std::span<const Operation> clusterOperations() { return kOperations; }

void threadsEnded(Cluster &cluster) {
  if (cluster.arrived && cluster.arrived >= cluster.liveThreads)
    completeCluster(cluster);
}

} // namespace skip::emulator
