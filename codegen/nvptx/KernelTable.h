// The kernels of a CUDA variant, as they stand in an image.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace skip::codegen {

/// An entry of the target's codes, and how it is launched (SkipCudaKernel in runtime/Abi.h).
struct CudaKernel {
  std::string name;
  uint32_t threads = 0;
  uint32_t sharedBytes = 0; // dynamic
  std::array<int64_t, 3> split{};
};

using CudaKernels = std::vector<CudaKernel>;

} // namespace skip::codegen
