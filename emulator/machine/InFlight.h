// Marks of what is on its way in shared memory, and what asynchronous reads and writes must be ordered behind.
#pragma once

#include "emulator/machine/Access.h"

namespace skip::emulator {

/// An asynchronous write of [offset, offset + bytes) begins: nothing may be in flight there, nobody unordered may have touched
/// it. `party` is who writes.
void beginWrite(Warp &w, Block &block, uint32_t offset, uint32_t bytes, const Party &party, uint32_t mask = ~0u);
void endWrite(Block &block, uint32_t offset, uint32_t bytes);
/// An asynchronous read begins: the bytes were written, by what the warp knows, and behind a proxy fence.
void beginRead(Warp &w, Block &block, uint32_t offset, uint32_t bytes, uint32_t mask = ~0u);
/// It ends; `reader` is who read, which the warp knows of.
void endRead(Warp &w, Block &block, uint32_t offset, uint32_t bytes, Epoch reader);
/// The same demands on global memory, of copies of the tensor unit.
void checkAsyncGlobalRead(Warp &w, Allocation &allocation, uint64_t address, uint32_t bytes, const Party &party, uint32_t mask);

} // namespace skip::emulator
