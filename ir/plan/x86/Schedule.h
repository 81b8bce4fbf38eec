// The schedules of contractions: what is legal, and which are worth trying first. Plain C++, no MLIR.
#pragma once

#include "ir/plan/WinogradLayout.h"
#include "runtime/Abi.h"

#include <cstdint>
#include <vector>

namespace skip::plan {

/// A direct convolution's register tile: `ocBlocks` blocks of 16 output channels by `rows` output rows by `columns` output
/// pixels of each. A row is tiled by `columns`; what remains is covered by `tails`, each at most once, in descending order.
/// Rows that remain of the picture are computed one at a time. A Winograd convolution's columns are the tiles of a group, its
/// rows the positions whose sums are in registers at a time: with 1 filters are stored, with 2 half of their transform is in
/// registers, with all of a row the whole. Strassen's, of a 1x1 convolution (codegen/x86/kernel/Strassen.cpp), multiplies
/// quarters of `ocBlocks` blocks by `columns` pixels, and has units of `rows` rows by `unitBlocks` blocks.
struct ConvSchedule {
  int64_t ocBlocks = 1;
  int64_t rows = 1;
  int64_t columns = 1;
  std::vector<int64_t> tails;
  int64_t unitBlocks = 0; // 0: not Strassen's

  bool operator==(const ConvSchedule &) const = default;
};

/// What the code of a Strassen convolution depends on besides its schedule: how many tiles a unit has at most, and in how many
/// chunks of how many blocks its input channels are; `strided` where a root is.
struct StrassenUnit {
  int64_t tiles = 0;
  int64_t chunkBlocks = 0, chunks = 0;
  bool strided = false;

  bool operator==(const StrassenUnit &) const = default;
};

/// What a convolution or linear layer multiplies: one of the kernel's roots, whose products are added.
struct RootShape {
  int64_t kernelHeight = 1, kernelWidth = 1;
  int64_t stride = 1;
  int64_t inBlocks = 1; // of 16 input channels
  bool planar = false;

  auto operator<=>(const RootShape &) const = default;
};

/// What the choice of a schedule depends on. Sizes are those of the output; a linear layer has one row, its columns are the
/// images.
struct ConvShape {
  int64_t ocBlocks = 1;   // blocks of 16 output channels
  int64_t inChannels = 1; // of the main root, not rounded
  int64_t kernelHeight = 1, kernelWidth = 1;
  int64_t stride = 1;
  int64_t outHeight = 1, outWidth = 1;
  int64_t images = 1;
  bool planarInput = false;
  bool imagesAreColumns = false;
  int64_t maxOcBlocks = 8;      // of a schedule
  int64_t rowPositions = 0;     // of a Winograd convolution: the most that its schedule's rows may be (winogradRowPositions)
  std::vector<RootShape> roots; // of a direct convolution
  bool exact = false;           // no algorithm with other rounding errors

  auto operator<=>(const ConvShape &) const = default;
};

/// Output blocks of a register tile whose transformed filters fit the first-level cache: a row of six positions and 16 input
/// channels take 6 KB for each, beside the 9 KB that they are made from.
constexpr int64_t winogradMaxOcBlocks = 2;

/// Positions of a row that a schedule may hold in registers besides one: two, or so many. 1 where it may not: beside a planar
/// input filters are always stored.
constexpr int64_t winogradRowPositions(const WinogradTaps &taps, int64_t channels, int64_t tile) {
  return taps.kernel == 3 && !winogradPlanarChannels(taps, channels) ? taps.points(tile) : 1;
}

/// Floats that a kernel may hold on its stack: of the 512 KB that callers are told of (runtime/Runtime.h), beside frames.
inline constexpr int64_t kMostScratchFloats = 120 * 1024;

/// Whether a kernel of this schedule keeps its accumulators in registers on `isa`, whatever the shape.
bool fitsRegisters(const ConvSchedule &schedule, SkipIsa isa);

/// Whether full tiles and then tails, greedily, add up to exactly `width`.
bool covers(const ConvSchedule &schedule, int64_t width);

/// Whether the schedule computes this shape: it fits the registers, its ocBlocks divide the shape's, and it covers the width.
/// Of Strassen's: ir/plan/x86/Strassen.h.
bool isLegal(const ConvSchedule &schedule, const ConvShape &shape, SkipIsa isa);

/// The fraction of peak that the cost model expects of a legal schedule; Strassen's may exceed 1.
double predictedEfficiency(const ConvSchedule &schedule, const ConvShape &shape, SkipIsa isa);

/// All legal schedules worth trying, the best expected first; never empty for a valid shape (every extent >= 1).
std::vector<ConvSchedule> convSchedules(const ConvShape &shape, SkipIsa isa);

} // namespace skip::plan
