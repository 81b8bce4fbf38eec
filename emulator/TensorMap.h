// A tensor map as this emulator encodes it: 128 opaque bytes to everyone else. The driver writes it and checks all that the
// driver API demands; the machine reads it when a kernel names it.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

namespace skip::emulator {

struct alignas(64) TensorMap {
  static constexpr uint32_t kMagic = 0x534b544d;
  enum class Element : uint8_t { u8, u16, u32, s32, u64, s64, f16, f32, f64, bf16, f32Ftz, tf32, tf32Ftz };
  enum class Swizzle : uint8_t { none, b32, b64, b128 };

  uint32_t magic;
  Element element;
  uint8_t rank;            // 1 to 5
  uint8_t im2col, fillNan; // 0 or 1
  Swizzle swizzle;
  uint8_t l2Promotion, interleave, reserved;
  uint64_t address;
  std::array<uint32_t, 5> dims;          // innermost first, in elements; a dim of 2^32 is refused
  std::array<uint64_t, 4> strides;       // bytes, of dims 1 to rank - 1
  std::array<uint16_t, 5> box;           // tile mode; im2col: box[0] channels a pixel, box[1] pixels a column
  std::array<uint8_t, 5> elementStrides; // 1 to 8
  std::array<int8_t, 3> lower, upper;    // im2col: corners of dims 1 to rank - 2 (W first)
  std::array<uint8_t, 9> padding;
};
static_assert(sizeof(TensorMap) == 128);

constexpr uint32_t elementBytes(TensorMap::Element element) {
  using E = TensorMap::Element;
  switch (element) {
  case E::u8:
    return 1;
  case E::u16:
  case E::f16:
  case E::bf16:
    return 2;
  case E::u64:
  case E::s64:
  case E::f64:
    return 8;
  case E::u32:
  case E::s32:
  case E::f32:
  case E::f32Ftz:
  case E::tf32:
  case E::tf32Ftz:
    return 4;
  }
  return 0;
}

} // namespace skip::emulator
