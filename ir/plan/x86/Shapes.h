// What the choice of a register tile depends on, read off a kernel.
#pragma once

#include "ir/plan/Contractions.h"
#include "ir/plan/x86/Schedule.h"

#include <optional>

namespace skip::plan {

/// Whether the columns of the kernel's register tile are images: it is a contraction whose result is one pixel for each image,
/// without a halo (which such a kernel does not write).
bool imagesAreColumns(KernelOp kernel);

/// The shape of a contraction kernel whose layouts are assigned, for runs of up to `batch` images; nothing for other kernels.
/// With two roots it is the shape of the one with more multiply-adds. A Winograd convolution is a 1x1 whose columns are a group
/// of tiles, of stride 2 of four times the channels.
std::optional<ConvShape> convShapeOf(KernelOp kernel, int64_t batch);

/// Whether any of the kernel's schedules is Strassen's.
bool usesStrassen(KernelOp kernel);

} // namespace skip::plan
