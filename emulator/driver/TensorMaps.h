// Tensor maps: what the driver API demands of their parameters, constraint by constraint, and the encoding.
#pragma once

#include "emulator/TensorMap.h"
#include "runtime/cuda/DriverApi.h"

#include <optional>
#include <span>
#include <string>

namespace skip::driver {

/// The parameters of both entry points. Arrays are as long as the API says, and checked for null first.
struct TensorMapRequest {
  cuda::TensorMap *map = nullptr;
  cuda::TensorMapType type = cuda::TensorMapType::float32;
  uint32_t rank = 0;
  uint64_t address = 0;
  const uint64_t *dims = nullptr, *strides = nullptr; // rank, rank - 1 of them
  bool im2col = false;
  const uint32_t *box = nullptr;                // tile mode: rank
  const int *lower = nullptr, *upper = nullptr; // im2col: rank - 2
  uint32_t channels = 0, pixels = 0;            // im2col
  const uint32_t *elementStrides = nullptr;     // rank
  cuda::TensorMapInterleave interleave = cuda::TensorMapInterleave::none;
  cuda::TensorMapSwizzle swizzle = cuda::TensorMapSwizzle::none;
  cuda::TensorMapPromotion promotion = cuda::TensorMapPromotion::none;
  cuda::TensorMapFill fill = cuda::TensorMapFill::none;
};

/// One demand: `check` answers what is wrong, or nothing. Each relies on those before it.
struct TensorMapConstraint {
  const char *id;
  std::string (*check)(const TensorMapRequest &);
};
std::span<const TensorMapConstraint> tensorMapConstraints();

/// The first constraint that the request breaks, as "tensor-map-c7: ...".
std::optional<std::string> refusalOf(const TensorMapRequest &request);

/// Of a request that breaks none.
emulator::TensorMap encode(const TensorMapRequest &request);

} // namespace skip::driver
