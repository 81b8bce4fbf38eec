// Modifiers of floating-point operations, and operations on single values of f16 and bf16.
#pragma once

#include "emulator/machine/ops/Arithmetic.h"
#include "emulator/tensor/Float.h"

#include <bit>
#include <cmath>

namespace skip::emulator {

enum : uint8_t { kFtz = 1, kSat = 2, kRelu = 4, kNan = 8, kXorsign = 16, kOob = 32 };

inline float ftz(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  return std::bit_cast<float>((bits & 0x7f800000u) == 0 ? bits & 0x80000000u : bits);
}
inline float tidy(float value) { return value != value ? std::bit_cast<float>(kNanF32) : value; }
inline double tidy(double value) { return value; }
inline float sat(float value) { return value > 0 ? (value < 1 ? value : 1.0f) : 0.0f; }

/// One value of f16 or bf16.
struct Narrow {
  bool isBf16;
  uint8_t flags;

  double in(uint16_t bits) const {
    float value = isBf16 ? fromBf16(bits) : fromF16(bits);
    bool subnormal = flags & kFtz && (bits & (isBf16 ? 0x7f80 : 0x7c00)) == 0;
    return subnormal ? std::copysign(0.0f, value) : value;
  }
  uint16_t out(double value) const {
    uint16_t bits = isBf16 ? toBf16(value, Rounding::rn) : toF16(value);
    if (flags & kFtz && (bits & (isBf16 ? 0x7f80 : 0x7c00)) == 0)
      bits &= 0x8000;
    if (flags & kSat)
      return value > 0 ? (value < 1 ? bits : (isBf16 ? 0x3f80 : 0x3c00)) : 0;
    if (flags & kRelu && !(value > 0) && value == value)
      return 0;
    return bits;
  }
  uint16_t minMax(uint16_t a, uint16_t b, bool max) const {
    float x = static_cast<float>(in(a)), y = static_cast<float>(in(b));
    float r = max ? maximum(x, y, flags & kNan) : minimum(x, y, flags & kNan);
    return out(r);
  }
  uint16_t operator()(FloatOperation operation, uint16_t a, uint16_t b, uint16_t c) const {
    uint16_t sign = 0x8000;
    switch (operation) {
    case FloatOperation::add:
      return out(fusedToOdd(in(a), 1, in(b)));
    case FloatOperation::sub:
      return out(fusedToOdd(in(b), -1, in(a)));
    case FloatOperation::mul:
      return out(in(a)*in(b));
    case FloatOperation::fma:
      // .oob: what marks an element outside of a tensor gives zero.
      if (flags & kOob && ((a & 0x7fff) == 0x7fff || (b & 0x7fff) == 0x7fff))
        return 0;
      return out(fusedToOdd(in(a), in(b), in(c)));
    case FloatOperation::min:
      return minMax(a, b, false);
    case FloatOperation::max:
      return minMax(a, b, true);
    case FloatOperation::neg:
      return static_cast<uint16_t>(a ^ sign);
    default:
      return static_cast<uint16_t>(a & ~sign);
    }
  }
};

} // namespace skip::emulator
