#include "runtime/cuda/Maps.h"

namespace skip::cuda {

static bool findType(uint32_t element, TensorMapType &type) {
  switch (static_cast<SkipElement>(element)) {
  case SKIP_ELEMENT_F32:
  case SKIP_ELEMENT_TF32:
    type = TensorMapType::float32;
    return true;
  case SKIP_ELEMENT_F16:
    type = TensorMapType::float16;
    return true;
  case SKIP_ELEMENT_BF16:
    type = TensorMapType::bfloat16;
    return true;
  }
  return false;
}

Result encodeMap(const DriverFunctions &driver, const SkipCudaMap &map, DeviceAddress address, int64_t images,
                 TensorMap &encoded) {
  TensorMapType type;
  if (!findType(map.element, type))
    return Result::invalidValue;
  uint64_t dims[5];
  for (uint32_t i = 0; i < map.rank; ++i)
    dims[i] = map.dims[i] ? map.dims[i] : static_cast<uint64_t>(images);
  void *at = reinterpret_cast<void *>(address);
  if (map.isWalk)
    return driver.cuTensorMapEncodeIm2col(&encoded, type, map.rank, at, dims, map.strides, map.lower, map.upper, map.box[0],
                                          map.box[1], map.steps, TensorMapInterleave::none, TensorMapSwizzle::b128,
                                          TensorMapPromotion::b256, TensorMapFill::none);
  return driver.cuTensorMapEncodeTiled(&encoded, type, map.rank, at, dims, map.strides, map.box, map.steps,
                                       TensorMapInterleave::none, TensorMapSwizzle::b128, TensorMapPromotion::b256,
                                       TensorMapFill::none);
}

} // namespace skip::cuda
