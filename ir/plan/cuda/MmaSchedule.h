// Which tiles a contraction may be computed by on tensor cores, and which are worth taking. Plain C++, no MLIR.
#pragma once

#include "ir/plan/cuda/Schedule.h"

namespace skip::plan {

/// A block of warpsM by warpsN warps computes m pixels by n channels, k values of the sum at a time, of which `stages` pieces
/// are in shared memory.
struct MmaTile {
  int64_t m = 64, n = 64, k = 32, warpsM = 2, warpsN = 2, stages = 4;

  int64_t threads() const { return warpsM * warpsN * 32; }
  /// Pieces of 16 bytes in a row of a stage.
  int64_t chunks(int64_t elementBytes) const { return k * elementBytes / 16; }
  int64_t stageBytes(int64_t elementBytes) const { return (m + n) * k * elementBytes; }
  /// Of shared memory: the stages, or afterwards the sums.
  int64_t sharedBytes(int64_t elementBytes) const;
  bool operator==(const MmaTile &) const = default;
};

/// Whether emitters have code for the tile, with elements of so many bytes, and every GPU from sm_80 on room for it.
bool isLegal(const MmaTile &tile, int64_t elementBytes);

struct Gpu;

/// How many blocks of a legal tile are meant to be on an A100's multiprocessor at a time, by what they take of its shared
/// memory and are likely to take of its registers.
int64_t blocksBeside(const MmaTile &tile, int64_t elementBytes);

/// What a contraction is predicted to take by a legal tile.
double predictedCycles(const MmaTile &tile, int64_t elementBytes, const GemmShape &shape, const Gpu &gpu);
double predictedCycles(const GemmTile &tile, const GemmShape &shape, const Gpu &gpu);

/// What adding up the parts of cut sums takes, beside what the epilogue takes anyway.
double addingCycles(const GemmShape &shape, const Gpu &gpu);

/// Into how many parts each sum of a contraction is best cut, which a step of its own adds up: 1 for most.
int64_t bestParts(GemmShape shape, int64_t elementBytes);

/// The legal tiles that are worth trying, the one that is predicted to be the fastest on a GPU first.
std::vector<MmaTile> mmaTiles(const GemmShape &shape, int64_t elementBytes, const Gpu &gpu);
std::vector<MmaTile> mmaTiles(const GemmShape &shape, int64_t elementBytes); // on an A100

} // namespace skip::plan
