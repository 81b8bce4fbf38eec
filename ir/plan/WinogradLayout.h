// The layout `winograd<m, group>` as those see it who size its buffer and those who write and read it. Plain C++, no MLIR.
#pragma once

#include <cstdint>

namespace skip::plan {

/// Vectors of 16 channels from one of the (m + 2)^2 positions of a group of tiles to the next: one for each tile, rounded up to
/// an odd number. Were it even, the positions of a tile would share few sets of a cache, and writing them would take several
/// times as long.
constexpr int64_t winogradPositionVectors(int64_t group) { return group | 1; }

} // namespace skip::plan
