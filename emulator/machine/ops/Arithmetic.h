// Integer and floating-point operations share their names: `add` decodes here, the floating-point half elsewhere.
#pragma once

#include "emulator/machine/ops/Lanes.h"

namespace skip::emulator {

template <class T> using Unsigned = std::make_unsigned_t<T>;
template <class T>
using Wide = std::conditional_t<sizeof(T) == 2, std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>,
                                std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>>;
template <class T> using Widest = std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>;

struct MulLow {
  template <class T> T operator()(T a, T b) const { return static_cast<T>(uint64_t(a) * uint64_t(b)); }
};
struct MulHigh {
  template <class T> T operator()(T a, T b) const {
    if constexpr (sizeof(T) == 8)
      return static_cast<T>(Widest<T>(a) * Widest<T>(b) >> 64);
    else
      return static_cast<T>(Wide<T>(a) * Wide<T>(b) >> 8 * sizeof(T));
  }
};
/// add.cc, sub.cc, addc and subc; mad.cc and madc: `type` is taken already, of the latter nothing is.
void decodeCarry(Decoding &d, bool subtract, bool carryIn, bool carryOut, Type type);
void decodeMadCarry(Decoding &d, bool carryIn, bool carryOut);

enum class FloatOperation : uint8_t { add, sub, mul, fma, min, max, neg, abs, div };
/// `type` is taken already.
void decodeFloat(Decoding &d, FloatOperation operation, Type type);

} // namespace skip::emulator
