// The kernels of a CUDA variant, as they stand in an image.
#pragma once

#include "runtime/Abi.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace skip::codegen {

/// An entry of a column's codes, and how it is launched (SkipCudaForm in runtime/Abi.h).
struct CudaForm {
  std::string name; // empty: the column is not built
  std::vector<SkipCudaMap> maps;
  uint32_t threads = 0;
  uint32_t sharedBytes = 0; // dynamic
  uint32_t cluster = 1;
  bool startsEarly = false;
  std::array<int64_t, 3> split{};
};

struct CudaKernel {
  std::array<CudaForm, SKIP_CUDA_COLUMN_COUNT> forms; // by column
};

using CudaKernels = std::vector<CudaKernel>;

} // namespace skip::codegen
