// Which tiles a contraction may be computed by on CUDA cores, and which are worth taking. Plain C++, no MLIR.
#pragma once

#include <cstdint>
#include <vector>

namespace skip::plan {

/// A block computes m pixels by n channels, k values of the sum at a time; each of its threads threadM by threadN of them, in
/// vectors of four.
struct GemmTile {
  int64_t m = 64, n = 64, k = 16, threadM = 8, threadN = 4;

  int64_t threads() const { return m / threadM * (n / threadN); }
  /// Of shared memory: two stages of both operands.
  int64_t sharedBytes() const;
  bool operator==(const GemmTile &) const = default;
};

/// What a contraction multiplies: pixels of all images by channels, of sums of `depth` products in all, or of so many lines of
/// warp groups (WgmmaSchedule.h).
struct GemmShape {
  int64_t pixels = 1, channels = 1, depth = 1, lines = 1;
  int64_t parts = 1; // that each sum is cut into
};

/// Rows of shared memory are so many floats longer than what they hold, so that a warp's stores meet different banks.
inline constexpr int64_t gemmPadding = 4;

/// Rows of the sums of tensor cores in shared memory are so many floats longer than what they hold, so that a warp's stores
/// meet different banks.
inline constexpr int64_t sumPadding = 8;

/// No legal tile has fewer channels.
inline constexpr int64_t leastTileChannels = 16;

/// Whether emitters have code for the tile, and every sm_80 room for it.
bool isLegal(const GemmTile &tile);

/// The legal tiles that are worth trying, the one that is predicted to be the fastest first.
std::vector<GemmTile> gemmTiles(const GemmShape &shape);

} // namespace skip::plan
