// Reads single elements of a checkpoint tensor as float, at any alignment.
#pragma once

#include <stdint.h>
#include <string.h>

namespace skip::runtime {

struct ElementF32 {
  static constexpr int64_t bytes = 4;
  static float read(const uint8_t *from) {
    float value;
    memcpy(&value, from, 4);
    return value;
  }
};

struct ElementBF16 {
  static constexpr int64_t bytes = 2;
  static float read(const uint8_t *from) {
    uint16_t half;
    memcpy(&half, from, 2);
    return __builtin_bit_cast(float, uint32_t{half} << 16);
  }
};

struct ElementF16 {
  static constexpr int64_t bytes = 2;
  static float read(const uint8_t *from) {
    uint16_t half;
    memcpy(&half, from, 2);
    uint32_t sign = uint32_t{half} >> 15 << 31, exponent = half >> 10 & 31, mantissa = half & 1023;
    if (exponent == 31) // infinity, or a NaN with its payload
      return __builtin_bit_cast(float, sign | 0x7F800000u | mantissa << 13);
    if (exponent != 0)
      return __builtin_bit_cast(float, sign | (exponent + 112) << 23 | mantissa << 13);
    float magnitude = static_cast<float>(mantissa) * 0x1p-24f; // exact, and a normal float
    return sign ? -magnitude : magnitude;
  }
};

} // namespace skip::runtime
