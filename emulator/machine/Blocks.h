// Blocks and clusters of a launch: their order, their start and their end.
#pragma once

#include "emulator/machine/State.h"

namespace skip::emulator {

uint32_t warpsOf(const Run &run); // of a block
/// Numbers of a block in clocks: its warps, its copies, its warpgroups.
uint32_t agentsOf(const Run &run);
uint32_t blocksOfCluster(const Run &run);
/// The cluster that starts as the `position`th.
uint64_t clusterAt(const Run &run, uint64_t position);
Dim3 clusterIndex(const Run &run, uint64_t cluster);
Dim3 blockIndex(const Run &run, uint64_t cluster, uint32_t rank);

/// Starts clusters as long as there is room; `atLeastOne` makes room as far as the hardware has it.
void startClusters(Run &run, bool atLeastOne);
/// After its last warp has ended.
void endCluster(Run &run, Cluster &cluster);
/// All that `launch` asks for; why it cannot run, or nothing.
std::optional<std::string> refusalOf(const Run &run);

} // namespace skip::emulator
