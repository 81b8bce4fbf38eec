// Where lanes that a branch parts meet again: its immediate postdominator.
#pragma once

#include "emulator/machine/Program.h"

namespace skip::emulator {

/// Sets `reconverge` of every branch. The code ends in a return.
void findReconvergence(Program &program);

} // namespace skip::emulator
