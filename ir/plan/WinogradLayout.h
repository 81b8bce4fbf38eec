// The layout `winograd<m, group>` as those see it who size its buffer and those who write and read it. Plain C++, no MLIR.
#pragma once

#include <cstdint>

namespace skip::plan {

/// Vectors of 16 channels from one of the (m + 2)^2 positions of a group of tiles to the next: one for each tile, rounded up to
/// an odd number. Were it even, the positions of a tile would share few sets of a cache, and writing them would take several
/// times as long.
constexpr int64_t winogradPositionVectors(int64_t group) { return group | 1; }

/// Output blocks of a register tile whose transformed filters fit the first-level cache: a row of six positions and 16 input
/// channels take 6 KB for each, beside the 9 KB that they are made from.
constexpr int64_t winogradMaxOcBlocks = 2;

} // namespace skip::plan
