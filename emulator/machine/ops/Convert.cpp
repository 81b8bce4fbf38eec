// cvt: between any two scalar types, and the packed forms. Between integers whose registers have just their width it is vector
// code; the rest goes lane by lane.
#include "emulator/machine/Rounded.h"
#include "emulator/machine/ops/Lanes.h"

#include <algorithm>
#include <cmath>

namespace skip::emulator {
namespace {

template <class D, class S> struct Cast {
  D operator()(S value) const { return static_cast<D>(value); }
};

template <class D> Execute castTo(Type from) {
  switch (from) {
  case Type::u16:
    return unary<D, uint16_t, Cast<D, uint16_t>>;
  case Type::s16:
    return unary<D, int16_t, Cast<D, int16_t>>;
  case Type::u32:
    return unary<D, uint32_t, Cast<D, uint32_t>>;
  case Type::s32:
    return unary<D, int32_t, Cast<D, int32_t>>;
  case Type::u64:
    return unary<D, uint64_t, Cast<D, uint64_t>>;
  case Type::s64:
    return unary<D, int64_t, Cast<D, int64_t>>;
  default:
    return nullptr;
  }
}

enum : uint32_t { kFtz = 1, kSat = 2, kRelu = 4, kFinite = 8, kToInteger = 16, kAway = 32 };

struct Conversion {
  Type to, from;
  uint32_t toBytes, fromBytes; // of the registers
  RoundTo round;
  uint32_t flags;
};

uint64_t readBits(Warp &w, uint32_t place, uint32_t bytes, int lane) {
  return bytes == 2 ? w.at<uint16_t>(place)[lane] : bytes == 4 ? w.at<uint32_t>(place)[lane] : w.at<uint64_t>(place)[lane];
}
void writeBits(Warp &w, uint32_t place, uint32_t bytes, int lane, uint64_t bits) {
  if (bytes == 2)
    w.at<uint16_t>(place)[lane] = static_cast<uint16_t>(bits);
  else if (bytes == 4)
    w.at<uint32_t>(place)[lane] = static_cast<uint32_t>(bits);
  else
    w.at<uint64_t>(place)[lane] = bits;
}

int64_t extended(uint64_t bits, Type type) {
  uint32_t unused = 64 - 8 * bytesOf(type);
  return isSigned(type) ? static_cast<int64_t>(bits << unused) >> unused : static_cast<int64_t>(bits << unused >> unused);
}

double floatValue(uint64_t bits, Type type) {
  switch (type) {
  case Type::f16:
    return fromF16(static_cast<uint16_t>(bits));
  case Type::bf16:
    return fromBf16(static_cast<uint16_t>(bits));
  case Type::f64:
    return std::bit_cast<double>(bits);
  default:
    return std::bit_cast<float>(static_cast<uint32_t>(bits));
  }
}

Rounding narrowRounding(const Conversion &c) {
  return c.flags & kAway ? Rounding::rna : c.round == RoundTo::zero ? Rounding::rz : Rounding::rn;
}

uint64_t floatBits(double value, const Conversion &c) {
  if (c.flags & kSat)
    value = value > 0 ? std::min(value, 1.0) : 0.0;
  if (c.flags & kRelu && !(value > 0) && !std::isnan(value))
    value = 0.0;
  bool finite = c.flags & kFinite;
  switch (c.to) {
  case Type::f16:
    return toF16(value, narrowRounding(c), finite);
  case Type::bf16:
    return toBf16(value, narrowRounding(c), finite);
  case Type::tf32:
    return toTf32(value, narrowRounding(c), finite);
  case Type::f64:
    return std::bit_cast<uint64_t>(value);
  default: {
    float narrow = c.round == RoundTo::nearest ? static_cast<float>(value) : narrowRounded(value, c.round);
    narrow = c.flags & kFtz ? flushed(narrow) : narrow;
    return std::bit_cast<uint32_t>(canonical(narrow));
  }
  }
}

/// Clamped to the type. A NaN is 0, and the highest bit alone where one of both types has 64.
uint64_t integerBits(double value, const Conversion &c) {
  int bits = static_cast<int>(8 * bytesOf(c.to));
  if (std::isnan(value))
    return c.from == Type::f64 || bits == 64 ? uint64_t(1) << (bits - 1) : 0;
  value = integral(value, c.round);
  if (isSigned(c.to)) {
    double limit = std::ldexp(1.0, bits - 1);
    if (value >= limit)
      return (uint64_t(1) << (bits - 1)) - 1;
    return value <= -limit ? ~uint64_t(0) << (bits - 1) : static_cast<uint64_t>(static_cast<int64_t>(value));
  }
  double limit = std::ldexp(1.0, bits);
  if (value >= limit)
    return bits == 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1;
  return value <= 0 ? 0 : static_cast<uint64_t>(value);
}

uint64_t clampedInteger(int64_t value, const Conversion &c) {
  bool wasUnsigned = !isSigned(c.from);
  int bits = static_cast<int>(8 * bytesOf(c.to));
  __int128 wide = wasUnsigned ? static_cast<__int128>(static_cast<uint64_t>(value)) : value;
  __int128 low = isSigned(c.to) ? -(static_cast<__int128>(1) << (bits - 1)) : 0;
  __int128 high = isSigned(c.to) ? (static_cast<__int128>(1) << (bits - 1)) - 1 : (static_cast<__int128>(1) << bits) - 1;
  return static_cast<uint64_t>(std::clamp(wide, low, high));
}

/// What does not fit 53 bits is rounded to odd first, so that the next rounding is the only one.
double oddDouble(int64_t value, bool isUnsigned) {
  uint64_t magnitude = !isUnsigned && value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  int excess = 64 - std::countl_zero(magnitude) - 53;
  if (excess > 0)
    magnitude = (magnitude >> excess | ((magnitude & ((uint64_t(1) << excess) - 1)) != 0)) << excess;
  double result = static_cast<double>(magnitude);
  return !isUnsigned && value < 0 ? -result : result;
}

uint64_t fromInteger(int64_t value, const Conversion &c) {
  bool isUnsigned = !isSigned(c.from);
  if (c.to == Type::f32)
    return std::bit_cast<uint32_t>(isUnsigned ? fromIntegerRounded<float>(static_cast<uint64_t>(value), c.round)
                                              : fromIntegerRounded<float>(value, c.round));
  if (c.to == Type::f64)
    return std::bit_cast<uint64_t>(isUnsigned ? fromIntegerRounded<double>(static_cast<uint64_t>(value), c.round)
                                              : fromIntegerRounded<double>(value, c.round));
  return floatBits(oddDouble(value, isUnsigned), c);
}

uint64_t converted(uint64_t bits, const Conversion &c) {
  if (!isFloat(c.from)) {
    int64_t value = extended(bits, c.from);
    if (isFloat(c.to))
      return fromInteger(value, c);
    return c.flags & kSat ? clampedInteger(value, c) : static_cast<uint64_t>(value);
  }
  double value = floatValue(bits, c.from);
  if (c.flags & kFtz && c.from == Type::f32)
    value = flushed(static_cast<float>(value));
  if (!isFloat(c.to))
    return integerBits(value, c);
  if (c.flags & kToInteger)
    value = integral(value, c.round);
  return floatBits(value, c);
}

void convert(Warp &w, const Instruction &in, uint32_t mask) {
  const uint32_t *n = w.program->details[in.target].numbers;
  Conversion c{static_cast<Type>(n[0]), static_cast<Type>(n[1]), n[2], n[3], static_cast<RoundTo>(n[4]), n[5]};
  for (int i = 0; i < 32; ++i) {
    if (!(mask >> i & 1))
      continue;
    uint64_t bits = converted(readBits(w, in.a, c.fromBytes, i), c);
    // A register that is wider than an integer holds it extended.
    writeBits(w, in.dst, c.toBytes, i, isFloat(c.to) ? bits : static_cast<uint64_t>(extended(bits, c.to)));
  }
}

struct Bf16Pair { // the common case
  uint32_t operator()(float a, float b) const { return uint32_t(half(a)) << 16 | half(b); }
  static uint32_t half(float value) {
    uint32_t bits = std::bit_cast<uint32_t>(value);
    uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return (bits & 0x7fffffff) > 0x7f800000 ? uint32_t(kNan16) : rounded;
  }
};
struct Bf16PairRelu {
  uint32_t operator()(float a, float b) const { return Bf16Pair()(a < 0 ? 0.0f : a, b < 0 ? 0.0f : b) & ~signs(a, b); }
  static uint32_t signs(float a, float b) { // -0 becomes +0
    return (a == 0 ? 0x80000000u : 0) | (b == 0 ? 0x8000u : 0);
  }
};
struct F32OfBf16 {
  float operator()(uint16_t bits) const { return std::bit_cast<float>(uint32_t(bits) << 16); }
};
struct F32OfS32 {
  float operator()(int32_t value) const { return static_cast<float>(value); }
};
struct F32OfU32 {
  float operator()(uint32_t value) const { return static_cast<float>(value); }
};

void convertPair(Warp &w, const Instruction &in, uint32_t mask) {
  const uint32_t *n = w.program->details[in.target].numbers;
  Conversion c{static_cast<Type>(n[0]), Type::f32, 2, 4, static_cast<RoundTo>(n[4]), n[5]};
  for (int i = 0; i < 32; ++i)
    if (mask >> i & 1)
      w.at<uint32_t>(in.dst)[i] =
          static_cast<uint32_t>(converted(w.at<uint32_t>(in.a)[i], c) << 16 | converted(w.at<uint32_t>(in.b)[i], c));
}

struct PackSigned {
  uint32_t operator()(int32_t a, int32_t b, uint32_t c) const {
    auto one = [](int32_t value) { return static_cast<uint32_t>(std::clamp(value, -128, 127)) & 0xff; };
    return c << 16 | one(a) << 8 | one(b);
  }
};
struct PackUnsigned {
  uint32_t operator()(int32_t a, int32_t b, uint32_t c) const {
    auto one = [](int32_t value) { return static_cast<uint32_t>(std::clamp(value, 0, 255)); };
    return c << 16 | one(a) << 8 | one(b);
  }
};

void decodePack(Decoding &d) {
  d.take("sat");
  Type to = d.wantType({Type::s8, Type::u8});
  d.wantType({Type::s32});
  d.wantType({Type::b32});
  decodeTernary(d, Type::b32,
                to == Type::s8 ? ternary<uint32_t, int32_t, int32_t, uint32_t, PackSigned>
                               : ternary<uint32_t, int32_t, int32_t, uint32_t, PackUnsigned>);
}

struct Modifiers {
  int rounding; // rn rz rm rp rna, or 5 and up: rni rzi rmi rpi
  uint32_t flags;
};

Modifiers takeModifiers(Decoding &d) {
  Modifiers m;
  m.rounding = d.takeOneOf({"rn", "rz", "rm", "rp", "rna", "rni", "rzi", "rmi", "rpi"});
  m.flags = (d.take("ftz") ? kFtz : 0) | (d.take("sat") ? kSat : 0) | (d.take("relu") ? kRelu : 0) |
            (d.take("satfinite") ? kFinite : 0);
  if (m.rounding == 4)
    m.flags |= kAway;
  if (m.rounding >= 5)
    m.flags |= kToInteger;
  return m;
}

RoundTo roundOf(const Modifiers &m) {
  return m.rounding < 0 || m.rounding == 4 ? RoundTo::nearest
                                           : static_cast<RoundTo>(m.rounding >= 5 ? m.rounding - 5 : m.rounding);
}

void keep(Decoding &d, Type to, Type from, uint32_t toBytes, uint32_t fromBytes, const Modifiers &m) {
  uint32_t *n = d.addDetail().numbers;
  n[0] = static_cast<uint32_t>(to);
  n[1] = static_cast<uint32_t>(from);
  n[2] = toBytes;
  n[3] = fromBytes;
  n[4] = static_cast<uint32_t>(roundOf(m));
  n[5] = m.flags;
}

void decodePair(Decoding &d, Type to, const Modifiers &m) {
  d.wantType({Type::f32});
  d.wantOperands(3, 3);
  if (m.rounding != 0 && m.rounding != 1)
    d.fail("`.rn` or `.rz` is missing");
  d.in.dst = d.destination(0, to);
  d.in.a = d.source(1, Type::f32);
  d.in.b = d.source(2, Type::f32);
  bool plain = to == Type::bf16x2 && m.rounding == 0;
  if (plain && m.flags == 0)
    d.in.execute = binary<uint32_t, float, float, Bf16Pair>;
  else if (plain && m.flags == kRelu)
    d.in.execute = binary<uint32_t, float, float, Bf16PairRelu>;
  else
    d.in.execute = convertPair;
  keep(d, to == Type::bf16x2 ? Type::bf16 : Type::f16, Type::f32, 2, 4, m);
}

void checkRounding(Decoding &d, Type to, Type from, const Modifiers &m) {
  bool toFloat = isFloat(to), fromFloat = isFloat(from);
  bool narrows = toFloat && (!fromFloat || bytesOf(to) < bytesOf(from) || to == Type::tf32 || (to != from && bytesOf(to) == 2));
  if (narrows && (m.rounding < 0 || m.rounding > 4))
    d.fail("a rounding is missing");
  if (!toFloat && fromFloat && m.rounding < 5)
    d.fail("a rounding to an integer is missing");
  if (!toFloat && !fromFloat && m.rounding >= 0)
    d.fail("integers take no rounding");
  if (m.rounding == 4 && to != Type::tf32)
    d.fail("`.rna` is for tf32");
}

Execute fastConversion(Type to, Type from, uint32_t toBytes, uint32_t fromBytes, const Modifiers &m) {
  if (m.flags & ~kFtz || fromBytes != bytesOf(from) || m.rounding > 0)
    return nullptr;
  if (to == Type::f32 && from == Type::bf16)
    return unary<float, uint16_t, F32OfBf16>;
  if (to == Type::f32 && from == Type::s32)
    return unary<float, int32_t, F32OfS32>;
  if (to == Type::f32 && from == Type::u32)
    return unary<float, uint32_t, F32OfU32>;
  if (isFloat(to) || isFloat(from) || bytesOf(to) != toBytes)
    return nullptr;
  return toBytes == 2 ? castTo<uint16_t>(from) : toBytes == 4 ? castTo<uint32_t>(from) : castTo<uint64_t>(from);
}

void decodeCvt(Decoding &d) {
  if (d.take("pack"))
    return decodePack(d);
  Modifiers m = takeModifiers(d);
  Type to = d.takeType();
  if (to == Type::bf16x2 || to == Type::f16x2)
    return decodePair(d, to, m);
  Type from = d.takeType();
  for (Type type : {to, from})
    if (bytesOf(type) == 0 || bytesOf(type) > 8 || type == Type::f16x2 || type == Type::bf16x2 ||
        (type >= Type::b8 && type <= Type::b64))
      d.refuseType(type);
  checkRounding(d, to, from, m);
  d.wantOperands(2, 2);
  uint32_t toBytes = 0, fromBytes = 0;
  d.in.dst = d.wideDestination(d.operand(0), to, toBytes);
  d.in.a = d.wideSource(d.operand(1), from, fromBytes);
  if (toBytes < bytesOf(to) || fromBytes < bytesOf(from))
    d.fail("a register that is narrower than its type");
  d.in.execute = fastConversion(to, from, toBytes, fromBytes, m);
  if (d.in.execute)
    return;
  d.in.execute = convert;
  keep(d, to, from, toBytes, fromBytes, m);
}

constexpr Operation kOperations[] = {{"cvt", decodeCvt}};

} // namespace

std::span<const Operation> convertOperations() { return kOperations; }

} // namespace skip::emulator
