// The narrow floating-point formats of PTX: f16, bf16 and tf32, from and to f32 and f64, with PTX's roundings and its NaNs.
//
// A NaN that an operation makes has one pattern, all bits but the sign set: 0x7fff in sixteen bits, 0x7fffffff in 32. What is
// narrowed goes through double, which holds every f32, so that one rounding is all there is. A fused multiply-add in sixteen
// bits needs more than 53 bits now and then: its sum is rounded to odd in double, after which rounding again is as good as
// rounding once.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace skip::emulator {

struct FloatFormat {
  int exponentBits, mantissaBits;
};
inline constexpr FloatFormat kF16{5, 10}, kBf16{8, 7}, kTf32{8, 10};

/// To nearest with ties to even, towards zero, to nearest with ties away from zero.
enum class Rounding : uint8_t { rn, rz, rna };

inline constexpr uint32_t kNanF32 = 0x7fffffff;
inline constexpr uint16_t kNan16 = 0x7fff;

inline float canonical(float value) { return std::isnan(value) ? std::bit_cast<float>(kNanF32) : value; }

/// What `.ftz` makes of an input and of a result: a subnormal becomes a zero of its sign.
inline float flushed(float value) { return std::fpclassify(value) == FP_SUBNORMAL ? std::copysign(0.0f, value) : value; }

/// `.sat`: into [0, 1], a NaN to +0.
inline float saturated(float value) { return value > 0 ? (value < 1 ? value : 1.0f) : 0.0f; }

/// `.relu`: what is negative, -0 too, to +0. A NaN stays one.
inline float rectified(float value) { return std::isnan(value) ? canonical(value) : (value > 0 ? value : 0.0f); }

/// `max` and `min` of f32: of one NaN and a number, the number, unless `keepNan` (`.NaN`); -0 is below +0.
inline float maximum(float a, float b, bool keepNan = false) {
  if (std::isnan(a) || std::isnan(b))
    return keepNan || (std::isnan(a) && std::isnan(b)) ? std::bit_cast<float>(kNanF32) : (std::isnan(a) ? b : a);
  if (a == b)
    return std::signbit(a) ? b : a;
  return a > b ? a : b;
}
inline float minimum(float a, float b, bool keepNan = false) {
  if (std::isnan(a) || std::isnan(b))
    return maximum(a, b, keepNan);
  return -maximum(-a, -b);
}

inline float fromBf16(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

inline float fromF16(uint16_t bits) {
  uint32_t sign = uint32_t{bits} >> 15 << 31, exponent = bits >> 10 & 31, mantissa = bits & 1023;
  if (exponent == 31)
    return std::bit_cast<float>(sign | 0x7f800000u | mantissa << 13);
  if (exponent != 0)
    return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
  float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
  return sign ? -magnitude : magnitude;
}

/// What a tensor core sees of a 32-bit register that holds a tf32: the low thirteen bits count for nothing.
inline float fromTf32(uint32_t bits) { return std::bit_cast<float>(bits & 0xffffe000u); }

/// The bits of `value` in `format`, sign first, without padding. An overflow is infinity, or the largest number if `finite`
/// (`.satfinite`) or towards zero.
inline uint32_t narrowed(double value, FloatFormat format, Rounding rounding, bool finite = false) {
  uint32_t sign = static_cast<uint32_t>(std::signbit(value)) << (format.exponentBits + format.mantissaBits);
  uint32_t infinity = ((1u << format.exponentBits) - 1) << format.mantissaBits;
  if (std::isnan(value))
    return infinity | ((1u << format.mantissaBits) - 1);
  if (std::isinf(value))
    return sign | (finite ? infinity - 1 : infinity);
  if (value == 0)
    return sign;
  int exponent = 0;
  double fraction = std::frexp(std::fabs(value), &exponent); // in [0.5, 1)
  uint64_t mantissa = static_cast<uint64_t>(std::ldexp(fraction, 53));
  exponent -= 1;
  int lowest = 2 - (1 << (format.exponentBits - 1)); // exponent of the smallest normal number
  int shift = 52 - format.mantissaBits;
  if (exponent < lowest) {
    shift += lowest - exponent;
    exponent = lowest;
  }
  if (shift > 60) // below half of the smallest subnormal, whatever the rounding
    return sign;
  uint64_t kept = mantissa >> shift, rest = mantissa & ((uint64_t{1} << shift) - 1), half = uint64_t{1} << (shift - 1);
  bool up = rounding == Rounding::rz ? false : rest > half || (rest == half && (rounding == Rounding::rna || (kept & 1)));
  kept += up;
  if (exponent - lowest >= (1 << format.exponentBits)) // the shift below must not overflow
    return sign | (finite || rounding == Rounding::rz ? infinity - 1 : infinity);
  uint32_t bits = (static_cast<uint32_t>(exponent - lowest) << format.mantissaBits) + static_cast<uint32_t>(kept);
  if (bits >= infinity)
    bits = finite || rounding == Rounding::rz ? infinity - 1 : infinity;
  return sign | bits;
}

inline uint16_t toF16(double value, Rounding rounding = Rounding::rn, bool finite = false) {
  return static_cast<uint16_t>(narrowed(value, kF16, rounding, finite));
}

inline uint16_t toBf16(float value) { // the way that kernels take most
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value))
    return kNan16;
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
inline uint16_t toBf16(double value, Rounding rounding, bool finite = false) {
  return static_cast<uint16_t>(narrowed(value, kBf16, rounding, finite));
}

/// As the 32 bits that a register holds of it.
inline uint32_t toTf32(double value, Rounding rounding = Rounding::rna, bool finite = false) {
  return std::isnan(value) ? kNanF32 : narrowed(value, kTf32, rounding, finite) << 13;
}

/// a * b + c in double, rounded to odd. Exact products only: of factors of at most 26 bits.
inline double fusedToOdd(double a, double b, double c) {
  double product = a * b, sum = product + c;
  if (!std::isfinite(sum) || std::isinf(product))
    return sum;
  double back = sum - product, error = (product - (sum - back)) + (c - back);
  uint64_t bits = std::bit_cast<uint64_t>(sum);
  if (error == 0 || (bits & 1))
    return sum;
  bool outwards = (error > 0) == (sum > 0);
  return std::bit_cast<double>(outwards ? bits + 1 : bits - 1);
}

inline uint16_t fusedF16(uint16_t a, uint16_t b, uint16_t c) { return toF16(fusedToOdd(fromF16(a), fromF16(b), fromF16(c))); }
inline uint16_t fusedBf16(uint16_t a, uint16_t b, uint16_t c) {
  return toBf16(fusedToOdd(fromBf16(a), fromBf16(b), fromBf16(c)), Rounding::rn);
}

} // namespace skip::emulator
