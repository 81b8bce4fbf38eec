#include "emulator/machine/Blocks.h"

#include "emulator/machine/Async.h"
#include "emulator/machine/Frames.h"
#include "emulator/machine/Paths.h"

#include <algorithm>
#include <bit>

namespace skip::emulator {
namespace {

constexpr uint32_t kUsualWarps = 64; // resident at once, unless they wait for blocks that have not started

uint64_t product(Dim3 dim) { return uint64_t(dim.x) * dim.y * dim.z; }

std::unique_ptr<Cluster> newCluster(Run &run) {
  if (!run.spare.empty()) {
    std::unique_ptr<Cluster> cluster = std::move(run.spare.back());
    run.spare.pop_back();
    return cluster;
  }
  auto cluster = std::make_unique<Cluster>();
  for (uint32_t rank = 0; rank < blocksOfCluster(run); ++rank) {
    auto block = std::make_unique<Block>();
    block->cluster = cluster.get();
    block->run = &run;
    block->rank = rank;
    for (uint32_t i = 0; i < warpsOf(run); ++i)
      block->warps.push_back(std::make_unique<Warp>());
    cluster->blocks.push_back(std::move(block));
  }
  return cluster;
}

void prepareShared(Run &run, Block &block) {
  uint32_t bytes = run.kernel->staticSharedBytes + run.launch->dynamicSharedBytes;
  if (block.shared.empty()) {
    block.sharedBytes = bytes;
    block.shared.resize(bytes + 64, std::byte{0xcd}); // vectors of sixteen bytes may not end at the end
    block.written = std::make_unique<WrittenBits>(bytes);
    block.cells = std::make_unique<Cells>(bytes);
  }
  if (!run.settings.checks)
    return;
  block.written->clearAll();
  block.inFlight.writers.assign(bytes / 4 + 4, 0);
  block.inFlight.readers.assign(bytes / 16 + 4, 0);
}

void prepareWarp(Run &run, Block &block, Warp &w, uint32_t index) {
  uint64_t threads = product(run.launch->block);
  uint64_t lanes = std::min<uint64_t>(32, threads - index * 32);
  w.run = &run;
  w.block = &block;
  w.index = index;
  w.alive = lanes == 32 ? ~0u : (1u << lanes) - 1;
  w.program = run.program;
  w.current = 0;
  w.stop = false;
  w.paths.clear();
  if (w.frames.empty()) {
    makeFrame(w, *run.program, -1, 0);
  } else {
    w.frames.resize(1);
    refillFrame(w, *w.frames[0]);
  }
  Path path;
  path.mask = w.alive;
  path.frame = w.frames[0].get();
  path.isLive = true;
  w.paths.push_back(path);
  w.localBytes = run.kernel->localBytes;
  if (w.localBytes) {
    w.local.resize(size_t(w.localBytes) * 32);
    if (!w.localWritten)
      w.localWritten = std::make_unique<WrittenBits>(w.local.size());
    w.localWritten->clearAll();
  }
  w.spins = 0;
  std::fill(std::begin(w.clusterArrival), std::end(w.clusterArrival), 0);
  w.runnableAt = -1;
  if (!w.async)
    w.async = std::make_unique<WarpAsync>();
  w.async->clear();
}

void prepareClocks(Run &run, Cluster &cluster, Warp &w, uint64_t agent) {
  w.agent = agent;
  w.clock = 1;
  w.knows = Knowledge();
  for (auto *knowledge : {&w.released[0], &w.released[1], &w.acquired[0], &w.acquired[1]})
    *knowledge = Knowledge();
  if (!run.settings.checks)
    return;
  w.knows.generic = Clocks(cluster.firstAgent, cluster.agents);
  w.knows.fenced = Clocks(cluster.firstAgent, cluster.agents);
  w.knows.generic.raise(agent, w.clock);
  w.knows.behindGrid = false;
}

void prepareBlock(Run &run, Cluster &cluster, Block &block, uint64_t firstAgent) {
  block.index = blockIndex(run, cluster.serial, block.rank);
  prepareShared(run, block);
  for (Barrier &barrier : block.barriers)
    barrier = Barrier();
  block.mbarriers.clear();
  block.pendingCopies = 0;
  block.liveWarps = static_cast<uint32_t>(block.warps.size());
  block.liveThreads = static_cast<uint32_t>(product(run.launch->block));
  block.copyAgent = firstAgent + block.warps.size();
  block.copyClock = 0;
  block.warpgroups.resize(block.warps.size() / 4);
  for (uint32_t i = 0; i < block.warpgroups.size(); ++i) {
    if (!block.warpgroups[i])
      block.warpgroups[i] = std::make_unique<Warpgroup>();
    block.warpgroups[i]->products.clear();
    block.warpgroups[i]->firstProduct = 0;
    block.warpgroups[i]->agent = block.copyAgent + 1 + i;
  }
  block.registersHeld = 0;
  for (uint32_t i = 0; i < block.warps.size(); ++i) {
    prepareWarp(run, block, *block.warps[i], i);
    prepareClocks(run, cluster, *block.warps[i], firstAgent + i);
  }
}

uint64_t residentMost(const Run &run) {
  const Architecture &a = *run.architecture;
  uint64_t threads = product(run.launch->block), shared = run.kernel->staticSharedBytes + run.launch->dynamicSharedBytes + 1024;
  uint64_t perMultiprocessor = std::min<uint64_t>(
      {a.blocksPerMultiprocessor, a.threadsPerMultiprocessor / threads, a.sharedBytesPerMultiprocessor / shared});
  return std::max<uint64_t>(1, perMultiprocessor) * a.multiprocessors / blocksOfCluster(run);
}

} // namespace

uint32_t warpsOf(const Run &run) { return static_cast<uint32_t>((product(run.launch->block) + 31) / 32); }
uint32_t agentsOf(const Run &run) { return warpsOf(run) + 1 + warpsOf(run) / 4; }
uint32_t blocksOfCluster(const Run &run) { return static_cast<uint32_t>(product(run.launch->cluster)); }

uint64_t clusterAt(const Run &run, uint64_t position) {
  return static_cast<uint64_t>(((unsigned __int128)(position)*run.orderFactor + run.orderShift) % run.clusterCount);
}

Dim3 clusterIndex(const Run &run, uint64_t cluster) {
  uint64_t x = run.launch->grid.x / run.launch->cluster.x, y = run.launch->grid.y / run.launch->cluster.y;
  return {static_cast<uint32_t>(cluster % x), static_cast<uint32_t>(cluster / x % y), static_cast<uint32_t>(cluster / x / y)};
}

Dim3 blockIndex(const Run &run, uint64_t cluster, uint32_t rank) {
  Dim3 index = clusterIndex(run, cluster), size = run.launch->cluster;
  return {index.x * size.x + rank % size.x, index.y * size.y + rank / size.x % size.y,
          index.z * size.z + rank / size.x / size.y};
}

void startClusters(Run &run, bool atLeastOne) {
  if (run.mostClusters == 0)
    run.mostClusters = residentMost(run);
  uint64_t most = run.mostClusters;
  if (run.nextCluster == run.clusterCount || run.liveClusters >= most) // asked for in each turn of long launches
    return;
  uint64_t each = uint64_t(warpsOf(run)) * blocksOfCluster(run);
  uint64_t usual = std::max<uint64_t>(2, kUsualWarps / each);
  while (run.nextCluster < run.clusterCount && run.liveClusters < most && (run.liveClusters < usual || atLeastOne)) {
    atLeastOne = false;
    std::unique_ptr<Cluster> cluster = newCluster(run);
    cluster->serial = clusterAt(run, run.nextCluster++);
    cluster->index = clusterIndex(run, cluster->serial);
    cluster->firstAgent = run.memory->nextAgent;
    cluster->agents = agentsOf(run) * blocksOfCluster(run);
    run.memory->nextAgent += cluster->agents;
    cluster->arrived = cluster->phase = 0;
    cluster->collected = cluster->completed = Knowledge();
    cluster->liveWarps = static_cast<uint32_t>(each);
    cluster->liveThreads = static_cast<uint32_t>(product(run.launch->block) * blocksOfCluster(run));
    for (auto &block : cluster->blocks)
      prepareBlock(run, *cluster, *block, cluster->firstAgent + block->rank * uint64_t(agentsOf(run)));
    for (auto &block : cluster->blocks)
      for (auto &warp : block->warps)
        makeRunnable(*warp);
    ++run.liveClusters;
    run.resident.push_back(std::move(cluster));
  }
}

void endCluster(Run &run, Cluster &cluster) {
  performAllOf(run, cluster);
  for (auto &block : cluster.blocks) {
    bool waited = false;
    for (auto &warp : block->warps)
      waited |= warp->knows.behindGrid;
    run.everyBlockWaited &= waited;
  }
  auto found = std::find_if(run.resident.begin(), run.resident.end(), [&](const auto &one) { return one.get() == &cluster; });
  run.spare.push_back(std::move(*found));
  run.resident.erase(found);
  --run.liveClusters;
}

std::optional<std::string> refusalOf(const Run &run) {
  const Launch &launch = *run.launch;
  const KernelInfo &kernel = *run.kernel;
  const Architecture &a = *run.architecture;
  uint64_t threads = product(launch.block);
  auto text = [](Dim3 d) { return "(" + std::to_string(d.x) + ", " + std::to_string(d.y) + ", " + std::to_string(d.z) + ")"; };
  auto differs = [](Dim3 x, Dim3 y) { return x.x != y.x || x.y != y.y || x.z != y.z; };
  if (product(launch.grid) == 0 || threads == 0 || product(launch.cluster) == 0)
    return "a grid, a block or a cluster of nothing";
  if (launch.grid.y > 65535 || launch.grid.z > 65535 || launch.grid.x > 0x7fffffff)
    return "a grid of " + text(launch.grid);
  if (launch.block.x > 1024 || launch.block.y > 1024 || launch.block.z > 64 || threads > kernel.maxThreads)
    return "a block of " + text(launch.block) + ", of at most " + std::to_string(kernel.maxThreads) + " threads";
  if (kernel.requiredBlock && differs(launch.block, *kernel.requiredBlock))
    return "a block of " + text(launch.block) + " where .reqntid says " + text(*kernel.requiredBlock);
  if (kernel.requiredCluster && differs(launch.cluster, *kernel.requiredCluster))
    return "a cluster of " + text(launch.cluster) + " where .reqnctapercluster says " + text(*kernel.requiredCluster);
  if (product(launch.cluster) > a.clusterBlocks)
    return "a cluster of " + text(launch.cluster) + ", of at most " + std::to_string(a.clusterBlocks) + " blocks";
  if (launch.grid.x % launch.cluster.x || launch.grid.y % launch.cluster.y || launch.grid.z % launch.cluster.z)
    return "a cluster of " + text(launch.cluster) + " does not divide the grid of " + text(launch.grid);
  uint64_t shared = uint64_t(kernel.staticSharedBytes) + launch.dynamicSharedBytes;
  if (shared > a.sharedBytesPerBlockOptin)
    return std::to_string(shared) + " bytes of shared memory, of at most " + std::to_string(a.sharedBytesPerBlockOptin);
  if (launch.params.size() != kernel.paramBytes)
    return std::to_string(launch.params.size()) + " bytes of parameters, not " + std::to_string(kernel.paramBytes);
  return std::nullopt;
}

} // namespace skip::emulator
