// Which registers of a function may have one place.
#pragma once

#include "emulator/ptx/Ast.h"

namespace skip::emulator {

/// For each register the one whose place it has, of its own width: itself, or one that never lives when it does.
std::vector<uint32_t> sharedRegisters(const Function &function);

} // namespace skip::emulator
