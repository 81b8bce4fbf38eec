// The schedules of 1x1 convolutions by Strassen's seven products (codegen/kernel/Strassen.cpp). Plain C++, no MLIR.
#pragma once

#include "ir/plan/Schedule.h"

namespace skip::plan {

/// How such a schedule cuts a shape: the tiles of a unit at most, and the chunks that input channels come in.
StrassenUnit strassenUnit(const ConvSchedule &schedule, const ConvShape &shape);

/// Whether the shape has input channels in pairs of blocks, and the schedule tiles it evenly, in registers and within the
/// stack.
bool isLegalStrassen(const ConvSchedule &schedule, const ConvShape &shape, SkipIsa isa);

/// As a fraction of what a direct convolution does at the peak: may exceed 1.
double predictedStrassenEfficiency(const ConvSchedule &schedule, const ConvShape &shape, SkipIsa isa);

/// All legal schedules worth ranking, which leave work for several cores. None for AVX2: in 16 registers a tile is so small
/// that its sums cost more than the products saved (64 -> 256 channels at 56 x 56 on a Zen 4: 86 instead of 91 % of a direct
/// one's peak).
std::vector<ConvSchedule> strassenSchedules(const ConvShape &shape, SkipIsa isa);

} // namespace skip::plan
