// The layout `winograd<m, group>` as those see it who size its buffer and those who write and read it. Plain C++, no MLIR.
#pragma once

#include <cstdint>

namespace skip::plan {

/// Vectors of 16 channels from one position of a group of tiles to the next: one for each block and tile, rounded up to an odd
/// number. Were it even, the (m + 2)^2 positions of a tile would share few sets of a cache: with 4 blocks in groups of 16,
/// writing them took nearly four times as long.
constexpr int64_t winogradPositionVectors(int64_t blocks, int64_t group) { return (blocks * group) | 1; }

} // namespace skip::plan
