// Integer arithmetic.
#include "emulator/machine/ops/Arithmetic.h"

#include <algorithm>
#include <limits>

namespace skip::emulator {
namespace {

struct Add {
  template <class T> T operator()(T a, T b) const { return static_cast<T>(Unsigned<T>(a) + Unsigned<T>(b)); }
};
struct Sub {
  template <class T> T operator()(T a, T b) const { return static_cast<T>(Unsigned<T>(a) - Unsigned<T>(b)); }
};
struct SaturatedAdd {
  int32_t operator()(int32_t a, int32_t b) const {
    return static_cast<int32_t>(std::clamp<int64_t>(int64_t(a) + b, INT32_MIN, INT32_MAX));
  }
};
struct SaturatedSub {
  int32_t operator()(int32_t a, int32_t b) const {
    return static_cast<int32_t>(std::clamp<int64_t>(int64_t(a) - b, INT32_MIN, INT32_MAX));
  }
};
struct MulWide {
  template <class T> Wide<T> operator()(T a, T b) const { return Wide<T>(a) * Wide<T>(b); }
};
struct MadLow {
  template <class T> T operator()(T a, T b, T c) const { return static_cast<T>(uint64_t(a) * uint64_t(b) + uint64_t(c)); }
};
struct MadHigh {
  template <class T> T operator()(T a, T b, T c) const { return Add()(MulHigh()(a, b), c); }
};
struct MadWide {
  template <class T, class W> W operator()(T a, T b, W c) const {
    return static_cast<W>(uint64_t(MulWide()(a, b)) + uint64_t(c));
  }
};
struct Mul24 { // of the low 24 bits, with their sign
  template <class T> T operator()(T a, T b) const {
    auto low = [](T value) { return static_cast<uint32_t>(static_cast<T>(uint32_t(value) << 8) >> 8); };
    return static_cast<T>(low(a) * low(b));
  }
};
// Division by zero gives what the hardware gives: all bits, and the dividend as the remainder.
struct Div {
  template <class T> T operator()(T a, T b) const {
    if (b == 0)
      return static_cast<T>(~uint64_t(0));
    if constexpr (std::is_signed_v<T>)
      if (b == -1)
        return static_cast<T>(0 - Unsigned<T>(a));
    return static_cast<T>(a / b);
  }
};
struct Rem {
  template <class T> T operator()(T a, T b) const {
    if (b == 0)
      return a;
    if constexpr (std::is_signed_v<T>)
      if (b == -1)
        return 0;
    return static_cast<T>(a % b);
  }
};
struct Min {
  template <class T> T operator()(T a, T b) const { return a < b ? a : b; }
};
struct Max {
  template <class T> T operator()(T a, T b) const { return a < b ? b : a; }
};
struct MinRelu {
  int32_t operator()(int32_t a, int32_t b) const { return std::max(0, std::min(a, b)); }
};
struct MaxRelu {
  int32_t operator()(int32_t a, int32_t b) const { return std::max(0, std::max(a, b)); }
};
struct Neg {
  template <class T> T operator()(T a) const { return static_cast<T>(0 - Unsigned<T>(a)); }
};
struct Abs {
  template <class T> T operator()(T a) const { return a < 0 ? static_cast<T>(0 - Unsigned<T>(a)) : a; }
};
struct Sad {
  template <class T> T operator()(T a, T b, T c) const {
    return static_cast<T>(Unsigned<T>(c) + (a < b ? Unsigned<T>(b) - Unsigned<T>(a) : Unsigned<T>(a) - Unsigned<T>(b)));
  }
};

template <class Op> Execute integerBinary(Decoding &d, Type type) {
  return forInteger(d, type, [](auto zero) -> Execute { return binary<decltype(zero), decltype(zero), decltype(zero), Op>; });
}
template <class Op> Execute integerTernary(Decoding &d, Type type) {
  return forInteger(d, type, [](auto zero) -> Execute {
    using T = decltype(zero);
    return ternary<T, T, T, T, Op>;
  });
}

template <class A, class B> Execute integerAnd(Decoding &d, Type type, bool first) {
  return first ? integerBinary<A>(d, type) : integerBinary<B>(d, type);
}

void decodeAddSub(Decoding &d, bool subtract) {
  bool carryOut = d.take("cc");
  Type type = d.takeType();
  if (isFloat(type))
    return decodeFloat(d, subtract ? FloatOperation::sub : FloatOperation::add, type);
  if (carryOut)
    return decodeCarry(d, subtract, false, true, type);
  if (d.take("sat")) {
    if (type != Type::s32)
      d.refuseType(type);
    return decodeBinary(
        d, type, subtract ? binary<int32_t, int32_t, int32_t, SaturatedSub> : binary<int32_t, int32_t, int32_t, SaturatedAdd>);
  }
  decodeBinary(d, type, integerAnd<Sub, Add>(d, type, subtract));
}

void decodeAdd(Decoding &d) { decodeAddSub(d, false); }
void decodeSub(Decoding &d) { decodeAddSub(d, true); }
Type widened(Type type) {
  switch (type) {
  case Type::u16:
    return Type::u32;
  case Type::s16:
    return Type::s32;
  case Type::u32:
    return Type::u64;
  case Type::s32:
    return Type::s64;
  default:
    return Type::none;
  }
}

template <class F> Execute forWide(Decoding &d, Type type, F f) {
  switch (type) {
  case Type::u16:
    return f(uint16_t());
  case Type::s16:
    return f(int16_t());
  case Type::u32:
    return f(uint32_t());
  case Type::s32:
    return f(int32_t());
  default:
    d.refuseType(type);
  }
}

void decodeMul(Decoding &d) {
  int half = d.takeOneOf({"lo", "hi", "wide"});
  Type type = d.takeType();
  if (isFloat(type))
    return decodeFloat(d, FloatOperation::mul, type);
  if (half == 2) {
    Execute execute = forWide(d, type, [](auto zero) -> Execute {
      using T = decltype(zero);
      return binary<Wide<T>, T, T, MulWide>;
    });
    d.wantOperands(3, 3);
    d.in.dst = d.destination(0, widened(type));
    d.in.a = d.source(1, type);
    d.in.b = d.source(2, type);
    d.in.execute = execute;
    return;
  }
  if (half < 0)
    d.fail("`.lo`, `.hi` or `.wide` is missing");
  decodeBinary(d, type, integerAnd<MulLow, MulHigh>(d, type, half == 0));
}

void decodeMad(Decoding &d) {
  bool carry = d.take("cc");
  if (carry)
    return decodeMadCarry(d, false, true);
  int half = d.takeOneOf({"lo", "hi", "wide"});
  Type type = d.takeType();
  if (isFloat(type))
    return decodeFloat(d, FloatOperation::fma, type);
  if (half == 2) {
    Execute execute = forWide(d, type, [](auto zero) -> Execute {
      using T = decltype(zero);
      return ternary<Wide<T>, T, T, Wide<T>, MadWide>;
    });
    d.wantOperands(4, 4);
    d.in.dst = d.destination(0, widened(type));
    d.in.a = d.source(1, type);
    d.in.b = d.source(2, type);
    d.in.c = d.source(3, widened(type));
    d.in.execute = execute;
    return;
  }
  if (half < 0)
    d.fail("`.lo`, `.hi` or `.wide` is missing");
  decodeTernary(d, type, half == 0 ? integerTernary<MadLow>(d, type) : integerTernary<MadHigh>(d, type));
}
void decodeMul24(Decoding &d) {
  if (!d.take("lo"))
    d.fail("`.lo` is missing: nothing else of `mul24` is supported");
  Type type = d.wantType({Type::u32, Type::s32});
  decodeBinary(d, type,
               type == Type::u32 ? binary<uint32_t, uint32_t, uint32_t, Mul24> : binary<int32_t, int32_t, int32_t, Mul24>);
}

void decodeDiv(Decoding &d) {
  Type type = d.takeType();
  if (isFloat(type))
    return decodeFloat(d, FloatOperation::div, type);
  decodeBinary(d, type, integerBinary<Div>(d, type));
}
void decodeRem(Decoding &d) {
  Type type = d.takeType();
  decodeBinary(d, type, integerBinary<Rem>(d, type));
}

void decodeMinMax(Decoding &d, bool max) {
  Type type = d.takeType();
  if (isFloat(type))
    return decodeFloat(d, max ? FloatOperation::max : FloatOperation::min, type);
  if (d.take("relu")) {
    if (type != Type::s32)
      d.refuseType(type);
    return decodeBinary(d, type, max ? binary<int32_t, int32_t, int32_t, MaxRelu> : binary<int32_t, int32_t, int32_t, MinRelu>);
  }
  decodeBinary(d, type, integerAnd<Max, Min>(d, type, max));
}
void decodeMin(Decoding &d) { decodeMinMax(d, false); }
void decodeMax(Decoding &d) { decodeMinMax(d, true); }

void decodeNegAbs(Decoding &d, bool neg) {
  Type type = d.takeType();
  if (isFloat(type))
    return decodeFloat(d, neg ? FloatOperation::neg : FloatOperation::abs, type);
  if (!isSigned(type))
    d.refuseType(type);
  decodeUnary(d, type, forInteger(d, type, [neg](auto zero) -> Execute {
                using T = decltype(zero);
                return neg ? unary<T, T, Neg> : unary<T, T, Abs>;
              }));
}
void decodeNeg(Decoding &d) { decodeNegAbs(d, true); }
void decodeAbs(Decoding &d) { decodeNegAbs(d, false); }

void decodeSad(Decoding &d) {
  Type type = d.takeType();
  decodeTernary(d, type, integerTernary<Sad>(d, type));
}

constexpr Operation kOperations[] = {
    {"add", decodeAdd}, {"sub", decodeSub}, {"mul", decodeMul}, {"mad", decodeMad}, {"mul24", decodeMul24}, {"div", decodeDiv},
    {"rem", decodeRem}, {"min", decodeMin}, {"max", decodeMax}, {"neg", decodeNeg}, {"abs", decodeAbs},     {"sad", decodeSad},
};

} // namespace

std::span<const Operation> integerOperations() { return kOperations; }

} // namespace skip::emulator
