// Kernels that are right, with what they must compute, to be broken in one place each.
#pragma once

#include "tests/unit/emulator/Compiled.h"

namespace skip::emulator::test {

struct Result {
  Outcome outcome;
  double error = 0; // the largest, relative; of runs without fault
};

/// A convolution by cp.async, ldmatrix and mma.sync: 4 warps, 4 stages.
Result convolveAmpere(const std::string &text, const Settings &settings);
/// A convolution by im2col copies, wgmma, and clusters of two blocks: one warpgroup copies, two compute.
Result convolveHopper(const std::string &text, const Settings &settings);
/// A product of matrices as MLIR's nvgpu dialect writes it: one warpgroup does all.
Result multiplyHopper(const std::string &text, const Settings &settings);
/// out[i] = in[127 - i] through shared memory, 128 threads in 4 warps.
Result reverse(const std::string &text, const Settings &settings);
std::string reverseText();
/// The last block of nvcc's reduction adds up what the others left.
Result reduceWithTicket(const std::string &text, const Settings &settings);
/// Two launches, the second of which may start early: out = in + 1, then in = out + 1.
Result dependentPair(const std::string &text, const Settings &settings);
std::string dependentText();

} // namespace skip::emulator::test
