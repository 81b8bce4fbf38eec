// Floating-point arithmetic in f32, f64 and the sixteen-bit formats.
//
// To nearest in f32 and f64 is vector code; other roundings and the narrow formats go lane by lane. A NaN that f32 makes is
// 0x7fffffff.
#include "emulator/machine/Rounded.h"
#include "emulator/machine/ops/Arithmetic.h"
#include "emulator/machine/ops/Narrow.h"

#include <cmath>

namespace skip::emulator {
namespace {

/// An operation of f32 with flushing and saturation around it.
template <class Op, int Flags> struct Wrapped {
  static float in(float value) { return Flags & kFtz ? ftz(value) : value; }
  static float out(float value) {
    value = Flags & kFtz ? ftz(value) : value;
    return Flags & kSat ? sat(value) : tidy(value);
  }
  float operator()(float a) const { return out(Op()(in(a))); }
  float operator()(float a, float b) const { return out(Op()(in(a), in(b))); }
  float operator()(float a, float b, float c) const { return out(Op()(in(a), in(b), in(c))); }
};

struct Add {
  template <class T> T operator()(T a, T b) const { return a + b; }
};
struct Sub {
  template <class T> T operator()(T a, T b) const { return a - b; }
};
struct Mul {
  template <class T> T operator()(T a, T b) const { return a * b; }
};
struct Fma {
  float operator()(float a, float b, float c) const { return __builtin_fmaf(a, b, c); }
  double operator()(double a, double b, double c) const { return __builtin_fma(a, b, c); }
};
struct Div {
  template <class T> T operator()(T a, T b) const { return a / b; }
};
template <bool Max, bool Nan> struct MinMax {
  float operator()(float a, float b) const {
    uint32_t x = std::bit_cast<uint32_t>(a), y = std::bit_cast<uint32_t>(b);
    float equal = std::bit_cast<float>(Max ? x & y : x | y); // of two zeros, the sign decides
    float chosen = Max ? (a > b ? a : a < b ? b : equal) : (a < b ? a : a > b ? b : equal);
    float number = a != a ? b : b != b ? a : chosen;
    return Nan ? (a != a || b != b ? std::bit_cast<float>(kNanF32) : number) : number;
  }
  double operator()(double a, double b) const {
    if (a != a || b != b)
      return a != a ? b : a;
    if (a == b)
      return std::signbit(a) == Max ? b : a;
    return (a > b) == Max ? a : b;
  }
};
template <bool Max, bool Nan> struct MinMaxXorsign {
  float operator()(float a, float b) const {
    float magnitude = MinMax<Max, Nan>()(std::fabs(a), std::fabs(b));
    uint32_t sign = (std::bit_cast<uint32_t>(a) ^ std::bit_cast<uint32_t>(b)) & 0x80000000u;
    return std::bit_cast<float>(std::bit_cast<uint32_t>(magnitude) | sign);
  }
};
struct Neg {
  float operator()(float a) const { return std::bit_cast<float>(std::bit_cast<uint32_t>(a) ^ 0x80000000u); }
  double operator()(double a) const { return -a; }
};
struct Abs {
  float operator()(float a) const { return std::bit_cast<float>(std::bit_cast<uint32_t>(a) & 0x7fffffffu); }
  double operator()(double a) const { return std::fabs(a); }
};

template <class Op> Execute binaryF32(int flags) {
  switch (flags & (kFtz | kSat)) {
  case 0:
    return binary<float, float, float, Wrapped<Op, 0>>;
  case kFtz:
    return binary<float, float, float, Wrapped<Op, kFtz>>;
  case kSat:
    return binary<float, float, float, Wrapped<Op, kSat>>;
  default:
    return binary<float, float, float, Wrapped<Op, kFtz | kSat>>;
  }
}
template <class Op> Execute ternaryF32(int flags) {
  switch (flags & (kFtz | kSat)) {
  case 0:
    return ternary<float, float, float, float, Wrapped<Op, 0>>;
  case kFtz:
    return ternary<float, float, float, float, Wrapped<Op, kFtz>>;
  case kSat:
    return ternary<float, float, float, float, Wrapped<Op, kSat>>;
  default:
    return ternary<float, float, float, float, Wrapped<Op, kFtz | kSat>>;
  }
}
template <class Op> Execute unaryF32(int flags) {
  return flags & kFtz ? unary<float, float, Wrapped<Op, kFtz>> : unary<float, float, Wrapped<Op, 0>>;
}

/// Other roundings: lane by lane. The operation is in the low half of `kind`'s neighbour `count`.
template <class T> void rounded(Warp &w, const Instruction &in, uint32_t mask) {
  T *d = w.at<T>(in.dst);
  const T *a = w.at<T>(in.a), *b = w.at<T>(in.b), *c = w.at<T>(in.c);
  RoundTo to = static_cast<RoundTo>(in.immediate);
  auto flush = [&](T value) {
    if constexpr (sizeof(T) == 4)
      return in.kind & kFtz ? ftz(value) : value;
    return value;
  };
  for (int i = 0; i < 32; ++i) {
    if (!(mask >> i & 1))
      continue;
    T r = 0, x = flush(a[i]), y = flush(b[i]);
    switch (static_cast<FloatOperation>(in.count)) {
    case FloatOperation::add:
      r = addRounded(x, y, to);
      break;
    case FloatOperation::sub:
      r = addRounded(x, -y, to);
      break;
    case FloatOperation::mul:
      r = mulRounded(x, y, to);
      break;
    case FloatOperation::div:
      r = divRounded(x, y, to);
      break;
    default:
      r = fmaRounded(x, y, flush(c[i]), to);
    }
    r = tidy(flush(r));
    if constexpr (sizeof(T) == 4)
      r = in.kind & kSat ? sat(r) : r;
    d[i] = r;
  }
}

template <class T> void narrow(Warp &w, const Instruction &in, uint32_t mask) {
  T *d = w.at<T>(in.dst);
  const T *a = w.at<T>(in.a), *b = w.at<T>(in.b), *c = w.at<T>(in.c);
  Narrow one{in.immediate != 0, in.kind};
  FloatOperation operation = static_cast<FloatOperation>(in.count);
  for (int i = 0; i < 32; ++i) {
    if (!(mask >> i & 1))
      continue;
    T r = 0;
    for (unsigned half = 0; half < sizeof(T) / 2; ++half)
      r |= static_cast<T>(T(one(operation, static_cast<uint16_t>(a[i] >> 16 * half), static_cast<uint16_t>(b[i] >> 16 * half),
                                static_cast<uint16_t>(c[i] >> 16 * half)))
                          << 16 * half);
    d[i] = r;
  }
}

Execute executeF32(FloatOperation operation, int flags) {
  switch (operation) {
  case FloatOperation::add:
    return binaryF32<Add>(flags);
  case FloatOperation::sub:
    return binaryF32<Sub>(flags);
  case FloatOperation::mul:
    return binaryF32<Mul>(flags);
  case FloatOperation::fma:
    return ternaryF32<Fma>(flags);
  case FloatOperation::div:
    return binaryF32<Div>(flags);
  case FloatOperation::neg:
    return flags & kFtz ? unaryF32<Neg>(flags) : unary<float, float, Neg>;
  case FloatOperation::abs:
    return flags & kFtz ? unaryF32<Abs>(flags) : unary<float, float, Abs>;
  case FloatOperation::max:
    if (flags & kXorsign)
      return flags & kNan ? binaryF32<MinMaxXorsign<true, true>>(flags) : binaryF32<MinMaxXorsign<true, false>>(flags);
    return flags & kNan ? binaryF32<MinMax<true, true>>(flags) : binaryF32<MinMax<true, false>>(flags);
  case FloatOperation::min:
    if (flags & kXorsign)
      return flags & kNan ? binaryF32<MinMaxXorsign<false, true>>(flags) : binaryF32<MinMaxXorsign<false, false>>(flags);
    return flags & kNan ? binaryF32<MinMax<false, true>>(flags) : binaryF32<MinMax<false, false>>(flags);
  }
  return nullptr;
}

Execute executeF64(FloatOperation operation) {
  switch (operation) {
  case FloatOperation::add:
    return binary<double, double, double, Add>;
  case FloatOperation::sub:
    return binary<double, double, double, Sub>;
  case FloatOperation::mul:
    return binary<double, double, double, Mul>;
  case FloatOperation::fma:
    return ternary<double, double, double, double, Fma>;
  case FloatOperation::div:
    return binary<double, double, double, Div>;
  case FloatOperation::neg:
    return unary<double, double, Neg>;
  case FloatOperation::abs:
    return unary<double, double, Abs>;
  case FloatOperation::max:
    return binary<double, double, double, MinMax<true, false>>;
  case FloatOperation::min:
    return binary<double, double, double, MinMax<false, false>>;
  }
  return nullptr;
}

bool isArithmetic(FloatOperation operation) {
  return operation == FloatOperation::add || operation == FloatOperation::sub || operation == FloatOperation::mul ||
         operation == FloatOperation::fma || operation == FloatOperation::div;
}

uint8_t takeFlags(Decoding &d, FloatOperation operation) {
  int flags = d.take("ftz") ? kFtz : 0;
  bool minMax = operation == FloatOperation::min || operation == FloatOperation::max;
  if (isArithmetic(operation) && d.take("sat"))
    flags |= kSat;
  if (operation == FloatOperation::fma && d.take("oob"))
    flags |= kOob;
  if (operation == FloatOperation::fma && d.take("relu"))
    flags |= kRelu;
  if (minMax && d.take("NaN"))
    flags |= kNan;
  if (minMax && d.take("xorsign"))
    flags |= kXorsign;
  if (flags & kXorsign && !d.take("abs"))
    d.fail("`.abs` is missing behind `.xorsign`");
  return static_cast<uint8_t>(flags);
}

void decodeOperands(Decoding &d, FloatOperation operation, Type type, Execute execute) {
  if (operation == FloatOperation::fma)
    decodeTernary(d, type, execute);
  else if (operation == FloatOperation::neg || operation == FloatOperation::abs)
    decodeUnary(d, type, execute);
  else
    decodeBinary(d, type, execute);
}

} // namespace

void decodeFloat(Decoding &d, FloatOperation operation, Type type) {
  int rounding = isArithmetic(operation) ? d.takeOneOf({"rn", "rz", "rm", "rp"}) : -1;
  bool approximate = operation == FloatOperation::div && d.takeOneOf({"approx", "full"}) >= 0;
  uint8_t flags = takeFlags(d, operation);
  d.in.kind = flags;
  d.in.count = static_cast<uint8_t>(operation);
  bool needsRounding = operation == FloatOperation::div || operation == FloatOperation::fma;
  if (needsRounding && rounding < 0 && !approximate)
    d.fail("a rounding is missing");
  if (type == Type::f32 || type == Type::f64) {
    bool other = rounding > 0;
    d.in.immediate = rounding;
    if (type == Type::f64 && flags)
      d.fail("f64 has neither `.ftz` nor `.sat`");
    if (flags & (kRelu | kOob))
      d.fail("f32 has neither `.relu` nor `.oob`");
    Execute execute = type == Type::f32 ? (other ? rounded<float> : executeF32(operation, flags))
                                        : (other ? rounded<double> : executeF64(operation));
    return decodeOperands(d, operation, type, execute);
  }
  bool pair = type == Type::f16x2 || type == Type::bf16x2;
  bool bf16 = type == Type::bf16 || type == Type::bf16x2;
  if (type == Type::none || type == Type::tf32 || operation == FloatOperation::div || rounding > 0 || flags & kXorsign)
    d.refuseType(type);
  bool addsInBf16 = operation == FloatOperation::add || operation == FloatOperation::sub || operation == FloatOperation::mul;
  if (bf16)
    d.wantArchitecture(addsInBf16 ? 90 : 80);
  d.in.immediate = bf16;
  decodeOperands(d, operation, type, pair ? narrow<uint32_t> : narrow<uint16_t>);
}

namespace {

void decodeFma(Decoding &d) {
  Type type = d.takeType();
  if (!isFloat(type))
    d.refuseType(type);
  decodeFloat(d, FloatOperation::fma, type);
}

constexpr Operation kOperations[] = {{"fma", decodeFma}};

} // namespace

std::span<const Operation> floatOperations() { return kOperations; }

} // namespace skip::emulator
