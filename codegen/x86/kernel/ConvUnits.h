// How the units of direct convolutions cut a picture into register tiles.
#pragma once

#include "codegen/x86/kernel/ConvOperands.h"

namespace skip::kernel {

/// Calls `strip` for `schedule.ocBlocks` blocks by some rows of each unit: as many rows as a tile has where they are there,
/// else each alone. The tile's columns are `strip`'s to choose.
void forEachStrip(Builder &b, const ConvOperands &operands, const plan::ConvSchedule &schedule,
                  llvm::function_ref<void(const ConvTile &tile)> strip);

/// Calls `emit` for the tiles of all columns of `strip`, full ones and then the schedule's tails.
void forEachTile(Builder &b, const plan::ConvSchedule &schedule, Value outColumns, ConvTile strip,
                 llvm::function_ref<void(const ConvTile &tile)> emit);

} // namespace skip::kernel
