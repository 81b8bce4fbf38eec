// setp and set.
#include "emulator/machine/ops/Lanes.h"

#include <cmath>

namespace skip::emulator {
namespace {

enum class Comparison : uint8_t { eq, ne, lt, le, gt, ge, lo, ls, hi, hs, equ, neu, ltu, leu, gtu, geu, num, nan };
constexpr std::initializer_list<std::string_view> kComparisons = {"eq", "ne",  "lt",  "le",  "gt",  "ge",  "lo",  "ls",  "hi",
                                                                  "hs", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"};

template <Comparison C> struct Compare {
  template <class T> bool operator()(T a, T b) const {
    if constexpr (C == Comparison::eq)
      return a == b;
    else if constexpr (C == Comparison::ne)
      return std::is_floating_point_v<T> ? (a < b) | (a > b) : a != b;
    else if constexpr (C == Comparison::lt || C == Comparison::lo)
      return a < b;
    else if constexpr (C == Comparison::le || C == Comparison::ls)
      return a <= b;
    else if constexpr (C == Comparison::gt || C == Comparison::hi)
      return a > b;
    else if constexpr (C == Comparison::ge || C == Comparison::hs)
      return a >= b;
    else if constexpr (C == Comparison::equ)
      return !((a < b) | (a > b));
    else if constexpr (C == Comparison::neu)
      return !(a == b);
    else if constexpr (C == Comparison::ltu)
      return !(a >= b);
    else if constexpr (C == Comparison::leu)
      return !(a > b);
    else if constexpr (C == Comparison::gtu)
      return !(a <= b);
    else if constexpr (C == Comparison::geu)
      return !(a < b);
    else if constexpr (C == Comparison::num)
      return (a == a) & (b == b);
    else
      return (a != a) | (b != b);
  }
};

enum class Combine : uint8_t { none, both, either, exclusive };

/// How the comparison's outcome meets the predicate of setp.and and its like.
uint32_t combined(Warp &w, const Instruction &in, uint32_t bits) {
  if (in.order == Order::weak)
    return bits;
  uint32_t other = *w.at<uint32_t>(in.c) ^ (in.narrowAddress ? ~0u : 0u);
  switch (static_cast<Combine>(in.order)) {
  case Combine::both:
    return bits & other;
  case Combine::either:
    return bits | other;
  default:
    return bits ^ other;
  }
}

template <class T, Comparison C> void setp(Warp &w, const Instruction &in, uint32_t mask) {
  uint32_t bits = lanesWhere<T, Compare<C>>(w.at<T>(in.a), w.at<T>(in.b));
  if (in.order == Order::weak && in.list == FileLayout::kSink)
    return setPredicate(w, in.dst, bits, mask);
  // Both operands are read before either result is written: one may be the other's place.
  uint32_t first = combined(w, in, bits), second = combined(w, in, ~bits);
  setPredicate(w, in.dst, first, mask);
  setPredicate(w, in.list, second, mask);
}

template <class T> Execute setpOf(Comparison comparison) {
  using enum Comparison;
  switch (comparison) {
#define SKIP_CASE(C)                                                                                                           \
  case C:                                                                                                                      \
    return setp<T, C>
    SKIP_CASE(eq);
    SKIP_CASE(ne);
    SKIP_CASE(lt);
    SKIP_CASE(le);
    SKIP_CASE(gt);
    SKIP_CASE(ge);
  default:
    break;
  }
  if constexpr (std::is_unsigned_v<T>)
    switch (comparison) {
      SKIP_CASE(lo);
      SKIP_CASE(ls);
      SKIP_CASE(hi);
      SKIP_CASE(hs);
    default:
      break;
    }
  if constexpr (std::is_floating_point_v<T>)
    switch (comparison) {
      SKIP_CASE(equ);
      SKIP_CASE(neu);
      SKIP_CASE(ltu);
      SKIP_CASE(leu);
      SKIP_CASE(gtu);
      SKIP_CASE(geu);
      SKIP_CASE(num);
      SKIP_CASE(nan);
    default:
      break;
    }
#undef SKIP_CASE
  return nullptr;
}

bool compareFloats(Comparison c, float a, float b) {
  using enum Comparison;
  switch (c) {
  case eq:
    return a == b;
  case ne:
    return a < b || a > b;
  case lt:
    return a < b;
  case le:
    return a <= b;
  case gt:
    return a > b;
  case ge:
    return a >= b;
  case equ:
    return !(a < b || a > b);
  case neu:
    return a != b;
  case ltu:
    return !(a >= b);
  case leu:
    return !(a > b);
  case gtu:
    return !(a <= b);
  case geu:
    return !(a < b);
  case num:
    return a == a && b == b;
  case nan:
    return a != a || b != b;
  default:
    return false;
  }
}

float valueAt(Warp &w, uint32_t place, Type type, int lane, int half, bool flush) {
  float value = 0;
  if (type == Type::f32) {
    value = w.at<float>(place)[lane];
  } else {
    bool pair = bytesOf(type) == 4, bf16 = type == Type::bf16 || type == Type::bf16x2;
    uint16_t bits = pair ? static_cast<uint16_t>(w.at<uint32_t>(place)[lane] >> 16 * half) : w.at<uint16_t>(place)[lane];
    value = bf16 ? fromBf16(bits) : fromF16(bits);
  }
  return flush ? flushed(value) : value;
}

uint32_t narrowLanes(Warp &w, const Instruction &in, int half) {
  uint32_t bits = 0;
  Type type = static_cast<Type>(in.count);
  for (int i = 0; i < 32; ++i)
    bits |= static_cast<uint32_t>(compareFloats(static_cast<Comparison>(in.kind), valueAt(w, in.a, type, i, half, in.immediate),
                                                valueAt(w, in.b, type, i, half, in.immediate)))
            << i;
  return bits;
}

void setpNarrow(Warp &w, const Instruction &in, uint32_t mask) {
  bool pair = bytesOf(static_cast<Type>(in.count)) == 4 && static_cast<Type>(in.count) != Type::f32;
  uint32_t bits = narrowLanes(w, in, 0), high = pair ? narrowLanes(w, in, 1) : ~bits;
  uint32_t first = combined(w, in, bits), second = combined(w, in, high);
  setPredicate(w, in.dst, first, mask);
  setPredicate(w, in.list, second, mask);
}

Comparison takeComparison(Decoding &d) {
  int index = d.takeOneOf(kComparisons);
  if (index < 0)
    d.fail("a comparison is missing");
  return static_cast<Comparison>(index);
}

/// The comparison's function, and in `in` what it wants to know.
Execute comparing(Decoding &d, Comparison comparison, Type type, bool flush) {
  d.in.kind = static_cast<uint8_t>(comparison);
  d.in.count = static_cast<uint8_t>(type);
  d.in.immediate = flush;
  Execute execute = nullptr;
  bool narrow = isFloat(type) && type != Type::f64 && (flush || type != Type::f32);
  if (narrow)
    execute = setpNarrow;
  else if (type == Type::f32)
    execute = setpOf<float>(comparison);
  else if (type == Type::f64)
    execute = setpOf<double>(comparison);
  else
    execute = forInteger(d, type, [comparison](auto zero) -> Execute { return setpOf<decltype(zero)>(comparison); });
  bool equality = comparison == Comparison::eq || comparison == Comparison::ne;
  bool untyped = type == Type::b16 || type == Type::b32 || type == Type::b64;
  if (!execute || (untyped && !equality))
    d.fail("a comparison that is not known of `" + std::string(nameOf(type)) + "`");
  return execute;
}

void takeCombination(Decoding &d, size_t operand) {
  int combine = d.takeOneOf({"and", "or", "xor"});
  bool negated = false;
  if (combine < 0)
    return;
  d.in.order = static_cast<Order>(combine + 1);
  d.in.c = d.predicate(d.operand(operand), negated);
  d.in.narrowAddress = negated;
}

void decodeSetp(Decoding &d) {
  Comparison comparison = takeComparison(d);
  bool flush = d.take("ftz");
  takeCombination(d, 3);
  d.wantOperands(d.in.order == Order::weak ? 3 : 4, d.in.order == Order::weak ? 3 : 4);
  Type type = d.takeType();
  Execute execute = comparing(d, comparison, type, flush);
  const Operand &result = d.operand(0);
  bool pair = result.kind == Operand::Kind::pair, negated = false;
  d.in.dst = d.predicate(pair ? result.parts[0] : result, negated);
  d.in.list = pair ? d.predicate(result.parts[1], negated) : FileLayout::kSink;
  d.in.a = d.source(1, type);
  d.in.b = d.source(2, type);
  d.in.execute = execute;
  if (negated)
    d.fail("a result cannot be negated");
}

/// set.lt.u32.f32 d, a, b: all bits or 1.0 where it holds. The comparison goes into the places of predicates first; of pairs of
/// sixteen bits, one for each half.
template <class T> void setRegister(Warp &w, const Instruction &in, uint32_t mask) {
  const Detail &detail = w.program->details[in.target];
  Instruction compare = in;
  compare.dst = detail.numbers[1];
  compare.list = detail.numbers[1] + 4;
  detail.compare(w, compare, kAllLanes);
  uint32_t low = *w.at<uint32_t>(compare.dst), high = detail.numbers[2] ? *w.at<uint32_t>(compare.list) : 0;
  for (int i = 0; i < 32; ++i)
    if (mask >> i & 1)
      w.at<T>(in.dst)[i] =
          static_cast<T>((low >> i & 1 ? detail.numbers[0] : 0) | (high >> i & 1 ? detail.numbers[0] << 16 : 0));
}

void decodeSet(Decoding &d) {
  Comparison comparison = takeComparison(d);
  bool flush = d.take("ftz");
  takeCombination(d, 3);
  d.wantOperands(d.in.order == Order::weak ? 3 : 4, d.in.order == Order::weak ? 3 : 4);
  Type result = d.wantType({Type::u32, Type::s32, Type::f32, Type::u16, Type::f16, Type::bf16, Type::f16x2, Type::bf16x2});
  Type type = d.takeType();
  Execute compare = comparing(d, comparison, type, flush);
  Detail &detail = d.addDetail();
  bool half = result == Type::f16 || result == Type::f16x2, brain = result == Type::bf16 || result == Type::bf16x2;
  detail.numbers[0] = result == Type::f32 ? 0x3f800000 : half ? 0x3c00 : brain ? 0x3f80 : ~0u;
  detail.numbers[2] = result == Type::f16x2 || result == Type::bf16x2;
  if (detail.numbers[2] && result != type)
    d.refuseType(type);
  detail.numbers[1] = d.layout.scratch(2);
  detail.compare = compare;
  d.in.dst = d.destination(0, result);
  d.in.a = d.source(1, type);
  d.in.b = d.source(2, type);
  d.in.execute = bytesOf(result) == 4 ? setRegister<uint32_t> : setRegister<uint16_t>;
}

constexpr Operation kOperations[] = {{"setp", decodeSetp}, {"set", decodeSet}};

} // namespace

std::span<const Operation> compareOperations() { return kOperations; }

} // namespace skip::emulator
