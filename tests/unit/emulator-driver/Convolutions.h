// Convolutions in bf16: sizes, values that are exact in any order of summation, and what comes out.
#pragma once

#include "emulator/tensor/Float.h"
#include "tests/unit/emulator-driver/Gpu.h"

#include <random>

namespace skip::driver {

struct Convolution {
  int n, side, c, k, r, stride;
  int pad() const { return r / 2; }
  int out() const { return (side + 2 * pad() - r) / stride + 1; }
  int inputs() const { return n * side * side; }
  int outputs() const { return n * out() * out(); }
  int taps() const { return r * r; }
};

using Bf16 = std::vector<uint16_t>;

/// Eighths from -1 to 1.
inline Bf16 randomBf16(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  Bf16 values(count);
  for (uint16_t &value : values)
    value = emulator::toBf16(static_cast<float>(static_cast<int>(random() % 17) - 8) / 8);
  return values;
}

/// Calls visit(output pixel, input pixel, tap) for each pair of pixels that a tap joins.
template <class Visit> void forEachTap(const Convolution &conv, Visit visit) {
  for (int n = 0; n < conv.n; ++n)
    for (int p = 0; p < conv.out(); ++p)
      for (int q = 0; q < conv.out(); ++q)
        for (int tap = 0; tap < conv.taps(); ++tap) {
          int y = p * conv.stride - conv.pad() + tap / conv.r, x = q * conv.stride - conv.pad() + tap % conv.r;
          if (y >= 0 && y < conv.side && x >= 0 && x < conv.side)
            visit((n * conv.out() + p) * conv.out() + q, (n * conv.side + y) * conv.side + x, tap);
        }
}

/// Memory of the device that holds values, and what is there after a kernel.
template <class Value> DeviceAddress upload(Gpu &gpu, const std::vector<Value> &values) {
  DeviceAddress address = gpu.allocate(values.size() * sizeof(Value));
  Gpu::ok(gpu.api.cuMemcpyHtoD(address, values.data(), values.size() * sizeof(Value)));
  return address;
}
template <class Value> std::vector<Value> download(Gpu &gpu, DeviceAddress address, size_t count) {
  std::vector<Value> values(count);
  Gpu::ok(gpu.api.cuMemcpyDtoH(values.data(), address, count * sizeof(Value)));
  return values;
}

/// Maps of packed tensors of 16 bits with a swizzle of 128 bytes.
inline TensorMap tileMap(Gpu &gpu, TensorMapType type, DeviceAddress address, std::vector<uint64_t> dims,
                         std::vector<uint32_t> box) {
  std::vector<uint64_t> strides;
  for (uint64_t bytes = 2; strides.size() + 1 < dims.size();)
    strides.push_back(bytes *= dims[strides.size()]);
  std::vector<uint32_t> ones(dims.size(), 1);
  TensorMap map;
  Gpu::ok(gpu.api.cuTensorMapEncodeTiled(&map, type, static_cast<uint32_t>(dims.size()), reinterpret_cast<void *>(address),
                                         dims.data(), strides.data(), box.data(), ones.data(), TensorMapInterleave::none,
                                         TensorMapSwizzle::b128, TensorMapPromotion::b256, TensorMapFill::none));
  return map;
}

struct PixelBox {
  int lower, upper, stride, pixels;
};
inline TensorMap pixelMap(Gpu &gpu, DeviceAddress address, int channels, int side, int images, PixelBox box) {
  uint64_t c = static_cast<uint64_t>(channels), s = static_cast<uint64_t>(side);
  uint64_t dims[] = {c, s, s, static_cast<uint64_t>(images)}, strides[] = {2 * c, 2 * c * s, 2 * c * s * s};
  uint32_t step = static_cast<uint32_t>(box.stride), steps[] = {1, step, step, 1};
  int lower[] = {box.lower, box.lower}, upper[] = {box.upper, box.upper};
  TensorMap map;
  Gpu::ok(gpu.api.cuTensorMapEncodeIm2col(&map, TensorMapType::bfloat16, 4, reinterpret_cast<void *>(address), dims, strides,
                                          lower, upper, 64, static_cast<uint32_t>(box.pixels), steps, TensorMapInterleave::none,
                                          TensorMapSwizzle::b128, TensorMapPromotion::b256, TensorMapFill::none));
  return map;
}

/// Arguments of any types, as cuLaunchKernelEx takes them.
class Arguments {
public:
  template <class... Values> explicit Arguments(const Values &...values) { (add(&values, sizeof values), ...); }
  void **pointers() {
    addresses.clear();
    for (auto &value : values)
      addresses.push_back(value.data());
    return addresses.data();
  }

private:
  void add(const void *value, size_t bytes) {
    auto *from = static_cast<const std::byte *>(value);
    values.emplace_back(from, from + bytes);
  }
  std::vector<std::vector<std::byte>> values;
  std::vector<void *> addresses;
};

} // namespace skip::driver
