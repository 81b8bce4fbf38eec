// Which tiles a contraction may be computed by with sm_90a's products of whole warp groups, and which are worth taking. Plain
// C++, no MLIR.
#pragma once

#include "ir/graph/ContractionSizes.h"
#include "ir/plan/cuda/Schedule.h"

namespace skip::plan {

/// A block of one warp group that copies and `consumers` that multiply computes m pixels by n channels. It takes the sum by
/// lines of 128 bytes, channels of one tap; `stages` of them are in shared memory. `cluster` blocks of neighbouring
/// pixels share their filters' lines: each copies its part of them for all.
struct WgmmaTile {
  int64_t m = 128, n = 128, consumers = 2, stages = 4, cluster = 1;

  static constexpr int64_t groupThreads = 128, groupRows = 64, lineBytes = 128; // of a warp group, and of a row of a stage
  int64_t threads() const { return groupThreads * (1 + consumers); }
  /// Products of 64 rows that a warp group adds up beside each other.
  int64_t blocksOfRows() const { return m / (groupRows * consumers); }
  int64_t sumsOfThread() const { return blocksOfRows() * n / 2; }
  int64_t stageBytes() const { return (m + n) * lineBytes; }
  /// Where the barriers are: behind the stages, or what the sums take afterwards.
  int64_t barrierOffset() const;
  int64_t sharedBytes() const { return barrierOffset() + 16 * stages; }
  bool operator==(const WgmmaTile &) const = default;
};

/// Lines of one tap.
constexpr int64_t linesOf(int64_t channels, int64_t elementBytes) {
  int64_t line = WgmmaTile::lineBytes / elementBytes;
  return (channels + line - 1) / line;
}

/// Whether emitters have code for the tile, and sm_90a room for it.
bool isLegal(const WgmmaTile &tile);

/// Whether tensor maps have the sizes: of a contraction that is not general.
bool isForWarpgroups(const graph::ContractionSizes &sizes);

struct Gpu;

/// How many blocks of a legal tile are meant to be on a multiprocessor at a time.
int64_t blocksBeside(const WgmmaTile &tile);

/// What a contraction is predicted to take by a legal tile on a GPU that has warp groups' products.
double predictedCycles(const WgmmaTile &tile, const GemmShape &shape, const Gpu &gpu);

/// The legal tiles that are worth trying, the one that is predicted to be the fastest on an H100 first.
std::vector<WgmmaTile> wgmmaTiles(const GemmShape &shape);

} // namespace skip::plan
