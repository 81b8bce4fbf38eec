// Operations on bits.
#include "emulator/machine/ops/Lanes.h"

namespace skip::emulator {
namespace {

template <class T> using Unsigned = std::make_unsigned_t<T>;

struct And {
  template <class T> T operator()(T a, T b) const { return a & b; }
};
struct Or {
  template <class T> T operator()(T a, T b) const { return a | b; }
};
struct Xor {
  template <class T> T operator()(T a, T b) const { return a ^ b; }
};
struct Not {
  template <class T> T operator()(T a) const { return static_cast<T>(~a); }
};
struct Cnot {
  template <class T> T operator()(T a) const { return a == 0; }
};
// Shifts by more than the width are by the width.
struct ShiftLeft {
  template <class T> T operator()(T a, uint32_t by) const {
    constexpr uint32_t kBits = 8 * sizeof(T);
    return by >= kBits ? T(0) : static_cast<T>(a << by);
  }
};
struct ShiftRight {
  template <class T> T operator()(T a, uint32_t by) const {
    constexpr uint32_t kBits = 8 * sizeof(T);
    if constexpr (std::is_signed_v<T>)
      return static_cast<T>(a >> (by >= kBits ? kBits - 1 : by));
    else
      return by >= kBits ? T(0) : static_cast<T>(a >> by);
  }
};
struct Popc {
  template <class T> uint32_t operator()(T a) const { return static_cast<uint32_t>(std::popcount(a)); }
};
struct Clz {
  template <class T> uint32_t operator()(T a) const { return static_cast<uint32_t>(std::countl_zero(a)); }
};
struct Brev {
  template <class T> T operator()(T a) const {
    T r = 0;
    for (unsigned i = 0; i < 8 * sizeof(T); ++i)
      r |= (a >> i & 1) << (8 * sizeof(T) - 1 - i);
    return r;
  }
};
template <bool Shift> struct Bfind {
  template <class T> uint32_t operator()(T a) const {
    Unsigned<T> bits = static_cast<Unsigned<T>>(a);
    if constexpr (std::is_signed_v<T>)
      bits = a < 0 ? ~bits : bits;
    if (bits == 0)
      return ~0u;
    uint32_t position = 8 * sizeof(T) - 1 - static_cast<uint32_t>(std::countl_zero(bits));
    return Shift ? 8 * sizeof(T) - 1 - position : position;
  }
};
// Predicates are one word for all lanes.
template <class Op> void predicates(Warp &w, const Instruction &in, uint32_t mask) {
  setPredicate(w, in.dst, Op()(*w.at<uint32_t>(in.a), *w.at<uint32_t>(in.b)), mask);
}
void notPredicate(Warp &w, const Instruction &in, uint32_t mask) { setPredicate(w, in.dst, ~*w.at<uint32_t>(in.a), mask); }

template <class Op> void decodeLogic(Decoding &d) {
  Type type = d.wantType({Type::pred, Type::b16, Type::b32, Type::b64});
  if (type != Type::pred)
    return decodeBinary(d, type, forBits(d, type, [](auto zero) -> Execute {
                          using T = decltype(zero);
                          return binary<T, T, T, Op>;
                        }));
  bool negated[3];
  d.wantOperands(3, 3);
  d.in.dst = d.predicate(d.operand(0), negated[0]);
  d.in.a = d.predicate(d.operand(1), negated[1]);
  d.in.b = d.predicate(d.operand(2), negated[2]);
  if (negated[0] || negated[1] || negated[2])
    d.fail("`!` is not known here");
  d.in.execute = predicates<Op>;
}

void decodeNot(Decoding &d) {
  Type type = d.wantType({Type::pred, Type::b16, Type::b32, Type::b64});
  if (type != Type::pred)
    return decodeUnary(d, type, forBits(d, type, [](auto zero) -> Execute {
                         using T = decltype(zero);
                         return unary<T, T, Not>;
                       }));
  bool negated = false;
  d.wantOperands(2, 2);
  d.in.dst = d.predicate(d.operand(0), negated);
  d.in.a = d.predicate(d.operand(1), negated);
  d.in.execute = notPredicate;
  if (negated)
    d.fail("`!` is not known here");
}

void decodeCnot(Decoding &d) {
  Type type = d.wantType({Type::b16, Type::b32, Type::b64});
  decodeUnary(d, type, forBits(d, type, [](auto zero) -> Execute {
                using T = decltype(zero);
                return unary<T, T, Cnot>;
              }));
}

template <class Op> void decodeShift(Decoding &d) {
  Type type = d.takeType();
  Execute execute = forInteger(d, type, [](auto zero) -> Execute {
    using T = decltype(zero);
    return binary<T, T, uint32_t, Op>;
  });
  d.wantOperands(3, 3);
  d.in.dst = d.destination(0, type);
  d.in.a = d.source(1, type);
  d.in.b = d.source(2, Type::u32);
  d.in.execute = execute;
}

template <class Op> void decodeCount(Decoding &d) {
  Type type = d.wantType({Type::b32, Type::b64});
  d.wantOperands(2, 2);
  d.in.dst = d.destination(0, Type::u32);
  d.in.a = d.source(1, type);
  d.in.execute = type == Type::b32 ? unary<uint32_t, uint32_t, Op> : unary<uint32_t, uint64_t, Op>;
}

void decodeBrev(Decoding &d) {
  Type type = d.wantType({Type::b32, Type::b64});
  decodeUnary(d, type, type == Type::b32 ? unary<uint32_t, uint32_t, Brev> : unary<uint64_t, uint64_t, Brev>);
}

void decodeBfind(Decoding &d) {
  bool shift = d.take("shiftamt");
  Type type = d.wantType({Type::u32, Type::s32, Type::u64, Type::s64});
  d.wantOperands(2, 2);
  d.in.dst = d.destination(0, Type::u32);
  d.in.a = d.source(1, type);
  d.in.execute = forInteger(d, type, [shift](auto zero) -> Execute {
    using T = decltype(zero);
    return shift ? unary<uint32_t, T, Bfind<true>> : unary<uint32_t, T, Bfind<false>>;
  });
}

constexpr Operation kOperations[] = {
    {"and", decodeLogic<And>},
    {"or", decodeLogic<Or>},
    {"xor", decodeLogic<Xor>},
    {"not", decodeNot},
    {"cnot", decodeCnot},
    {"shl", decodeShift<ShiftLeft>},
    {"shr", decodeShift<ShiftRight>},
    {"popc", decodeCount<Popc>},
    {"clz", decodeCount<Clz>},
    {"brev", decodeBrev},
    {"bfind", decodeBfind},
};

} // namespace

std::span<const Operation> bitOperations() { return kOperations; }

} // namespace skip::emulator
