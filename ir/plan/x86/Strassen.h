// The schedules of 1x1 convolutions by Strassen's seven products (codegen/x86/kernel/Strassen.cpp). Plain C++, no MLIR.
#pragma once

#include "ir/plan/x86/Schedule.h"

namespace skip::plan {

/// Of eight products it takes seven.
inline constexpr double kStrassenShare = 7.0 / 8;

/// Blocks of input channels that lie between the two of a pair which such a schedule of the shape adds, half of a chunk; 0
/// where none can be.
int64_t strassenHalfBlocks(const ConvShape &shape);

/// How such a schedule cuts a shape: the tiles of a unit at most, and the chunks that input channels come in.
StrassenUnit strassenUnit(const ConvSchedule &schedule, const ConvShape &shape);

/// What a kernel holds on its stack. Operands are an odd number of vectors, to spread over the cache.
struct StrassenScratch {
  int64_t kinds, ringTiles;          // sums of a tile's input, or all seven operands; the tiles that have a place
  int64_t pixelFloats, weightFloats; // of one operand
  int64_t heldFloats, partialFloats; // of a tile's results on their way; of a unit's, where several chunks add to them

  int64_t ringFloats() const { return ringTiles * kinds * pixelFloats; }
  int64_t bufferFloats() const { return 4 * weightFloats; } // of one of the two
  int64_t factorFloats() const { return 16; }               // of the output channels whose sums of weights are being made
  int64_t floats() const { return ringFloats() + 2 * bufferFloats() + heldFloats + partialFloats + factorFloats(); }
};
StrassenScratch strassenScratch(const ConvSchedule &schedule, const StrassenUnit &unit);

/// Whether the shape is that of 1x1 convolutions of blocked pictures with channels in pairs of blocks, and the schedule tiles
/// it evenly, in registers and within the stack.
bool isLegalStrassen(const ConvSchedule &schedule, const ConvShape &shape, SkipIsa isa);

/// As a fraction of what a direct convolution does at the peak: may exceed 1.
double predictedStrassenEfficiency(const ConvSchedule &schedule, const ConvShape &shape, SkipIsa isa);

/// All legal schedules worth ranking, which leave work for several cores. None for AVX2: in 16 registers a tile is so small
/// that its sums cost more than the products saved (64 -> 256 channels at 56 x 56 on a Zen 4: 86 instead of 91 % of a direct
/// one's peak).
std::vector<ConvSchedule> strassenSchedules(const ConvShape &shape, SkipIsa isa);

} // namespace skip::plan
