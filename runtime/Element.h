// Reads single elements of a tensor as float and writes them, at any alignment. Writing rounds to nearest, of two the even one
// unless it says else.
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
  static void write(uint8_t *to, float value) { memcpy(to, &value, 4); }
};

/// A float whose lower 13 bits are zero. Rounds as tensor cores' operands are rounded: of two to the one away from zero.
struct ElementTF32 {
  static constexpr int64_t bytes = 4;
  static float read(const uint8_t *from) { return ElementF32::read(from); }
  static void write(uint8_t *to, float value) {
    constexpr uint32_t dropped = 13;
    uint32_t bits = __builtin_bit_cast(uint32_t, value);
    bool isFinite = (bits & 0x7F800000) != 0x7F800000;
    uint32_t rounded = (bits + (1u << (dropped - 1))) & ~((1u << dropped) - 1);
    ElementF32::write(to, isFinite ? __builtin_bit_cast(float, rounded) : value);
  }
};

struct ElementBF16 {
  static constexpr int64_t bytes = 2;
  static float read(const uint8_t *from) {
    uint16_t half;
    memcpy(&half, from, 2);
    return __builtin_bit_cast(float, uint32_t{half} << 16);
  }
  static void write(uint8_t *to, float value) {
    uint32_t bits = __builtin_bit_cast(uint32_t, value);
    bool isNan = (bits & 0x7FFFFFFF) > 0x7F800000; // rounding could carry it out of the exponent
    uint16_t half = static_cast<uint16_t>(isNan ? bits >> 16 | 0x40 : (bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    memcpy(to, &half, 2);
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
  /// What is too large becomes infinity, and a NaN too.
  static void write(uint8_t *to, float value) {
    uint32_t bits = __builtin_bit_cast(uint32_t, value), magnitude = bits & 0x7FFFFFFF, rounded;
    if (magnitude >= 0x47800000) // 65536
      rounded = 0x7C00;
    else if (magnitude < 0x38800000) // 2^-14: the sum has the unit of the least subnormal, and rounds to it
      rounded = __builtin_bit_cast(uint32_t, __builtin_bit_cast(float, magnitude) + 0.5f) - 0x3F000000;
    else
      rounded = (magnitude - 0x38000000 + 0xFFF + (magnitude >> 13 & 1)) >> 13;
    uint16_t half = static_cast<uint16_t>((bits >> 16 & 0x8000) | rounded);
    memcpy(to, &half, 2);
  }
};

} // namespace skip::runtime
