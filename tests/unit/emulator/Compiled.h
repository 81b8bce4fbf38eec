// Kernels that nvcc compiled: as stored texts, and anew where it is found.
#pragma once

#include "tests/unit/emulator/Device.h"

namespace skip::emulator::test {

/// The text of tests/unit/emulator/data/<name>.
std::string stored(const std::string &name);
/// kernels.cu of the same folder, compiled by the nvcc that is found in PATH or CUDA_HOME; none if there is none.
std::optional<std::string> compiled(const std::string &architecture);
Launch launchOf(const Module &module, const std::string &kernel, Dim3 grid, Dim3 block);
size_t kernelOf(const Module &module, const std::string &name);
std::vector<float> randomFloats(size_t count, uint64_t seed);

} // namespace skip::emulator::test
