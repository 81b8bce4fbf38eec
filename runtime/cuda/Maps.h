// Tensor maps: how a kernel's operands lie in memory, encoded by the driver for the tensor unit.
#pragma once

#include "runtime/Abi.h"
#include "runtime/cuda/DriverApi.h"

namespace skip::cuda {

/// Has `driver` encode that of an operand at `address`, for a turn of so many images.
Result encodeMap(const DriverFunctions &driver, const SkipCudaMap &map, DeviceAddress address, int64_t images,
                 TensorMap &encoded);

} // namespace skip::cuda
