// Operations on fields of bits and on bytes of words: bfe, bfi, shf, prmt, lop3, dp4a, fns.
#include "emulator/machine/ops/Lanes.h"

namespace skip::emulator {
namespace {

template <class T> using Unsigned = std::make_unsigned_t<T>;

struct Bfe {
  template <class T> T operator()(T a, uint32_t position, uint32_t length) const {
    constexpr uint32_t kBits = 8 * sizeof(T);
    position &= 0xff;
    length &= 0xff;
    if (length == 0)
      return 0;
    uint32_t msb = kBits - 1, top = position + length - 1 < msb ? position + length - 1 : msb;
    bool sign = std::is_signed_v<T> && (static_cast<uint64_t>(a) >> top & 1);
    uint64_t field = position > msb ? 0 : static_cast<uint64_t>(static_cast<Unsigned<T>>(a)) >> position;
    uint32_t kept = position > msb ? 0 : (length < kBits - position ? length : kBits - position);
    uint64_t mask = kept >= 64 ? ~uint64_t(0) : (uint64_t(1) << kept) - 1;
    return static_cast<T>((field & mask) | (sign ? ~mask : 0));
  }
};
template <class T> void bfi(Warp &w, const Instruction &in, uint32_t mask) {
  T *d = w.at<T>(in.dst);
  const T *a = w.at<T>(in.a), *b = w.at<T>(in.b);
  const uint32_t *positions = w.at<uint32_t>(in.c), *lengths = w.at<uint32_t>(in.list);
  constexpr uint32_t kBits = 8 * sizeof(T);
  for (int i = 0; i < 32; ++i) {
    if (!(mask >> i & 1))
      continue;
    uint32_t position = positions[i] & 0xff, length = lengths[i] & 0xff;
    if (position >= kBits || length == 0) {
      d[i] = b[i];
      continue;
    }
    length = length < kBits - position ? length : kBits - position;
    T field = static_cast<T>((length >= 64 ? ~uint64_t(0) : (uint64_t(1) << length) - 1) << position);
    d[i] = static_cast<T>((b[i] & ~field) | (a[i] << position & field));
  }
}
template <bool Left, bool Clamp> struct Funnel {
  uint32_t operator()(uint32_t low, uint32_t high, uint32_t by) const {
    uint32_t n = Clamp ? (by < 32 ? by : 32) : by & 31;
    uint64_t both = uint64_t(high) << 32 | low;
    return static_cast<uint32_t>(Left ? both << n >> 32 : both >> n);
  }
};
struct Dp4a {
  static int32_t byteOf(uint32_t word, int i, bool isSigned) {
    uint32_t byte = word >> 8 * i & 0xff;
    return isSigned ? static_cast<int8_t>(byte) : static_cast<int32_t>(byte);
  }
};
template <bool SignedA, bool SignedB> struct DotFour {
  uint32_t operator()(uint32_t a, uint32_t b, uint32_t c) const {
    for (int i = 0; i < 4; ++i)
      c += static_cast<uint32_t>(Dp4a::byteOf(a, i, SignedA) * Dp4a::byteOf(b, i, SignedB));
    return c;
  }
};
/// n-th set bit of a, counted from `base` upwards (n > 0) or downwards.
struct Fns {
  uint32_t operator()(uint32_t a, uint32_t base, int32_t n) const {
    base &= 31;
    if (n == 0)
      return a >> base & 1 ? base : ~0u;
    int step = n > 0 ? 1 : -1, left = n > 0 ? n : -n;
    for (int at = static_cast<int>(base); at >= 0 && at < 32; at += step)
      if ((a >> at & 1) && --left == 0)
        return static_cast<uint32_t>(at);
    return ~0u;
  }
};

void decodeBfe(Decoding &d) {
  Type type = d.wantType({Type::u32, Type::s32, Type::u64, Type::s64});
  d.wantOperands(4, 4);
  d.in.dst = d.destination(0, type);
  d.in.a = d.source(1, type);
  d.in.b = d.source(2, Type::u32);
  d.in.c = d.source(3, Type::u32);
  d.in.execute = forInteger(d, type, [](auto zero) -> Execute {
    using T = decltype(zero);
    return ternary<T, T, uint32_t, uint32_t, Bfe>;
  });
}

void decodeBfi(Decoding &d) {
  Type type = d.wantType({Type::b32, Type::b64});
  d.wantOperands(5, 5);
  d.in.dst = d.destination(0, type);
  d.in.a = d.source(1, type);
  d.in.b = d.source(2, type);
  d.in.c = d.source(3, Type::u32);
  d.in.list = d.source(4, Type::u32);
  d.in.execute = type == Type::b32 ? bfi<uint32_t> : bfi<uint64_t>;
}

void decodeShf(Decoding &d) {
  int side = d.takeOneOf({"l", "r"}), mode = d.takeOneOf({"wrap", "clamp"});
  d.wantType({Type::b32});
  if (side < 0 || mode < 0)
    d.fail("`shf` wants `.l` or `.r`, and `.wrap` or `.clamp`");
  using U = uint32_t;
  decodeTernary(d, Type::b32,
                side == 0 ? (mode ? ternary<U, U, U, U, Funnel<true, true>> : ternary<U, U, U, U, Funnel<true, false>>)
                          : (mode ? ternary<U, U, U, U, Funnel<false, true>> : ternary<U, U, U, U, Funnel<false, false>>));
}

uint32_t permuted(uint32_t low, uint32_t high, uint32_t selector) {
  uint64_t both = uint64_t(high) << 32 | low;
  uint32_t result = 0;
  for (int i = 0; i < 4; ++i) {
    uint32_t select = selector >> 4 * i & 15;
    uint32_t byte = both >> 8 * (select & 7) & 0xff;
    result |= (select & 8 ? (byte & 0x80 ? 0xffu : 0u) : byte) << 8 * i;
  }
  return result;
}
struct Prmt {
  uint32_t operator()(uint32_t a, uint32_t b, uint32_t c) const { return permuted(a, b, c & 0xffff); }
};
/// The special modes choose by the low two bits: bytes from there forwards, backwards, and so on.
uint32_t selectorOf(int mode, uint32_t c) {
  static constexpr uint16_t kSelectors[6][4] = {{0x3210, 0x4321, 0x5432, 0x6543}, {0x5670, 0x6701, 0x7012, 0x0123},
                                                {0x0000, 0x1111, 0x2222, 0x3333}, {0x3210, 0x3211, 0x3222, 0x3333},
                                                {0x0000, 0x1110, 0x2210, 0x3210}, {0x1010, 0x3232, 0x1010, 0x3232}};
  return kSelectors[mode][c & 3];
}
void prmtMode(Warp &w, const Instruction &in, uint32_t mask) {
  for (int i = 0; i < 32; ++i)
    if (mask >> i & 1)
      w.at<uint32_t>(in.dst)[i] =
          permuted(w.at<uint32_t>(in.a)[i], w.at<uint32_t>(in.b)[i], selectorOf(in.kind, w.at<uint32_t>(in.c)[i]));
}

void decodePrmt(Decoding &d) {
  d.wantType({Type::b32});
  int mode = d.takeOneOf({"f4e", "b4e", "rc8", "ecl", "ecr", "rc16"});
  d.in.kind = static_cast<uint8_t>(mode);
  decodeTernary(d, Type::b32, mode < 0 ? ternary<uint32_t, uint32_t, uint32_t, uint32_t, Prmt> : prmtMode);
}

void lop3(Warp &w, const Instruction &in, uint32_t mask) {
  const uint32_t *a = w.at<uint32_t>(in.a), *b = w.at<uint32_t>(in.b), *c = w.at<uint32_t>(in.c);
  uint32_t results[32] = {};
  for (int bit = 0; bit < 8; ++bit) {
    if (!(in.immediate >> bit & 1))
      continue;
    uint32_t na = bit & 4 ? 0 : ~0u, nb = bit & 2 ? 0 : ~0u, nc = bit & 1 ? 0 : ~0u;
    for (int i = 0; i < 32; ++i)
      results[i] |= (a[i] ^ na) & (b[i] ^ nb) & (c[i] ^ nc);
  }
  uint32_t *d = w.at<uint32_t>(in.dst);
  for (int i = 0; i < 32; ++i)
    d[i] = mask >> i & 1 ? results[i] : d[i];
}

void decodeLop3(Decoding &d) {
  d.wantType({Type::b32});
  d.wantOperands(5, 5);
  d.in.dst = d.destination(0, Type::b32);
  d.in.a = d.source(1, Type::b32);
  d.in.b = d.source(2, Type::b32);
  d.in.c = d.source(3, Type::b32);
  d.in.immediate = d.integer(4);
  if (d.in.immediate < 0 || d.in.immediate > 255)
    d.fail("a table of three inputs is a number from 0 to 255");
  d.in.execute = lop3;
}

void decodeDp4a(Decoding &d) {
  bool a = isSigned(d.wantType({Type::u32, Type::s32})), b = isSigned(d.wantType({Type::u32, Type::s32}));
  using U = uint32_t;
  decodeTernary(d, Type::u32,
                a ? (b ? ternary<U, U, U, U, DotFour<true, true>> : ternary<U, U, U, U, DotFour<true, false>>)
                  : (b ? ternary<U, U, U, U, DotFour<false, true>> : ternary<U, U, U, U, DotFour<false, false>>));
}

void decodeFns(Decoding &d) {
  d.wantType({Type::b32});
  decodeTernary(d, Type::b32, ternary<uint32_t, uint32_t, uint32_t, int32_t, Fns>);
}

constexpr Operation kOperations[] = {
    {"bfe", decodeBfe},   {"bfi", decodeBfi},   {"shf", decodeShf}, {"prmt", decodePrmt},
    {"lop3", decodeLop3}, {"dp4a", decodeDp4a}, {"fns", decodeFns},
};

} // namespace

std::span<const Operation> fieldOperations() { return kOperations; }

} // namespace skip::emulator
