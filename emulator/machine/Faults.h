// How operations tell of faults: by throwing one, which Machine::run catches.
#pragma once

#include "emulator/machine/State.h"

namespace skip::emulator {

/// The present instruction of the warp did it, in the first lane of `mask`.
[[noreturn]] void fail(Warp &warp, FaultKind kind, std::string text, uint32_t mask = ~0u);
/// `instruction` of the warp's block did it, which may be one that ran long before.
[[noreturn]] void failAt(Warp &warp, const Program &program, const Instruction &instruction, FaultKind kind, std::string text,
                         uint32_t lane = 0);
Dim3 threadOf(const Warp &warp, uint32_t lane);
std::string hex(uint64_t value);
std::string nameOf(const Block &block);         // "block (1, 0, 0)"
std::string describe(Run &run, uint64_t agent); // "warp 3 of block (1, 0, 0)"

} // namespace skip::emulator
