// Activations of functions: their registers with constants and special registers in place, and what calls pass.
#pragma once

#include "emulator/machine/State.h"

namespace skip::emulator {

Frame *makeFrame(Warp &w, const Program &program, int caller, uint32_t call);
/// Of the calls that the path waited for.
void releaseFrames(Warp &w, int caller);
void copyArguments(Warp &w, const Program::Call &call, Frame &from, Frame &to, uint32_t lanes);
void copyResults(Warp &w, Frame &callee, uint32_t lanes);
/// Of a warp that runs the same program in another block: what depends on the block.
void refillFrame(Warp &w, Frame &frame);

} // namespace skip::emulator
