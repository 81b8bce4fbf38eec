// Additions and multiply-adds that carry into each other: numbers of more than one register.
#include "emulator/machine/ops/Arithmetic.h"

namespace skip::emulator {
namespace {

/// add.cc and its like: a carry in and out, one bit a lane.
enum : uint8_t { kCarryIn = 1, kCarryOut = 2, kSubtract = 4 };
template <class T> void addCarry(Warp &w, const Instruction &in, uint32_t mask) {
  T *d = w.at<T>(in.dst);
  const T *a = w.at<T>(in.a), *b = w.at<T>(in.b);
  uint32_t &carries = *w.at<uint32_t>(FileLayout::kCarry), out = 0;
  bool subtract = in.kind & kSubtract;
  for (int i = 0; i < 32; ++i) {
    // Subtraction keeps a borrow: CF is 1 where there is one.
    unsigned __int128 carry = in.kind & kCarryIn ? carries >> i & 1 : 0;
    unsigned __int128 sum = subtract ? (unsigned __int128)(a[i]) - b[i] - carry : (unsigned __int128)(a[i]) + b[i] + carry;
    out |= static_cast<uint32_t>(sum >> (8 * sizeof(T)) & 1) << i;
    if (mask >> i & 1)
      d[i] = static_cast<T>(sum);
  }
  if (in.kind & kCarryOut)
    carries = (carries & ~mask) | (out & mask);
}

/// mad.lo.cc, madc.hi and their like: the product's half, then an addition with carries.
template <class T> void madCarry(Warp &w, const Instruction &in, uint32_t mask) {
  T *d = w.at<T>(in.dst);
  const T *a = w.at<T>(in.a), *b = w.at<T>(in.b), *c = w.at<T>(in.c);
  uint32_t &carries = *w.at<uint32_t>(FileLayout::kCarry), out = 0;
  for (int i = 0; i < 32; ++i) {
    T product = in.immediate ? MulHigh()(a[i], b[i]) : MulLow()(a[i], b[i]);
    unsigned __int128 carry = in.kind & kCarryIn ? carries >> i & 1 : 0;
    unsigned __int128 sum = (unsigned __int128)(Unsigned<T>(product)) + Unsigned<T>(c[i]) + carry;
    out |= static_cast<uint32_t>(sum >> (8 * sizeof(T)) & 1) << i;
    if (mask >> i & 1)
      d[i] = static_cast<T>(sum);
  }
  if (in.kind & kCarryOut)
    carries = (carries & ~mask) | (out & mask);
}

} // namespace

void decodeCarry(Decoding &d, bool subtract, bool carryIn, bool carryOut, Type type) {
  d.in.kind = static_cast<uint8_t>((subtract ? kSubtract : 0) | (carryIn ? kCarryIn : 0) | (carryOut ? kCarryOut : 0));
  decodeBinary(d, type, bytesOf(type) == 8 ? addCarry<uint64_t> : addCarry<uint32_t>);
  if (bytesOf(type) < 4 || isFloat(type))
    d.refuseType(type);
}

void decodeMadCarry(Decoding &d, bool carryIn, bool carryOut) {
  int half = d.takeOneOf({"lo", "hi"});
  Type type = d.wantType({Type::u32, Type::s32, Type::u64, Type::s64});
  if (half < 0)
    d.fail("`.lo` or `.hi` is missing");
  d.in.immediate = half;
  d.in.kind = static_cast<uint8_t>((carryIn ? kCarryIn : 0) | (carryOut ? kCarryOut : 0));
  decodeTernary(d, type, forInteger(d, type, [](auto zero) -> Execute { return madCarry<decltype(zero)>; }));
}

namespace {

void decodeAddc(Decoding &d) {
  bool out = d.take("cc");
  decodeCarry(d, false, true, out, d.wantType({Type::u32, Type::s32, Type::u64, Type::s64}));
}
void decodeSubc(Decoding &d) {
  bool out = d.take("cc");
  decodeCarry(d, true, true, out, d.wantType({Type::u32, Type::s32, Type::u64, Type::s64}));
}
void decodeMadc(Decoding &d) {
  bool out = d.take("cc");
  decodeMadCarry(d, true, out);
}

constexpr Operation kOperations[] = {{"addc", decodeAddc}, {"subc", decodeSubc}, {"madc", decodeMadc}};

} // namespace

std::span<const Operation> carryOperations() { return kOperations; }

} // namespace skip::emulator
