// The two entry points that encode tensor maps.
#include "emulator/driver/Entries.h"
#include "emulator/driver/Streams.h"
#include "emulator/driver/TensorMaps.h"

#include <cstring>

namespace skip::driver::entry {

static Result encodeInto(const TensorMapRequest &request) {
  if (state().knobs.architecture.major < 9)
    return refuse(Result::notSupported, "tensor maps need sm_90");
  if (auto refusal = refusalOf(request))
    return refuse(Result::invalidValue, *refusal);
  emulator::TensorMap encoded = encode(request);
  static_assert(sizeof encoded == sizeof *request.map);
  std::memcpy(request.map, &encoded, sizeof encoded);
  return Result::success;
}

Result cuTensorMapEncodeTiled(TensorMap *map, TensorMapType type, uint32_t rank, void *address, const uint64_t *dims,
                              const uint64_t *strides, const uint32_t *box, const uint32_t *elementStrides,
                              TensorMapInterleave interleave, TensorMapSwizzle swizzle, TensorMapPromotion promotion,
                              TensorMapFill fill) {
  return encodeInto({.map = map,
                     .type = type,
                     .rank = rank,
                     .address = reinterpret_cast<uint64_t>(address),
                     .dims = dims,
                     .strides = strides,
                     .box = box,
                     .elementStrides = elementStrides,
                     .interleave = interleave,
                     .swizzle = swizzle,
                     .promotion = promotion,
                     .fill = fill});
}

Result cuTensorMapEncodeIm2col(TensorMap *map, TensorMapType type, uint32_t rank, void *address, const uint64_t *dims,
                               const uint64_t *strides, const int *lower, const int *upper, uint32_t channels, uint32_t pixels,
                               const uint32_t *elementStrides, TensorMapInterleave interleave, TensorMapSwizzle swizzle,
                               TensorMapPromotion promotion, TensorMapFill fill) {
  return encodeInto({.map = map,
                     .type = type,
                     .rank = rank,
                     .address = reinterpret_cast<uint64_t>(address),
                     .dims = dims,
                     .strides = strides,
                     .im2col = true,
                     .lower = lower,
                     .upper = upper,
                     .channels = channels,
                     .pixels = pixels,
                     .elementStrides = elementStrides,
                     .interleave = interleave,
                     .swizzle = swizzle,
                     .promotion = promotion,
                     .fill = fill});
}

} // namespace skip::driver::entry
