// selp, slct and testp.
#include "emulator/machine/ops/Lanes.h"

#include <cmath>

namespace skip::emulator {
namespace {

template <class T> void selp(Warp &w, const Instruction &in, uint32_t mask) {
  T *d = w.at<T>(in.dst);
  const T *a = w.at<T>(in.a), *b = w.at<T>(in.b);
  uint32_t bits = *w.at<uint32_t>(in.c) ^ (in.narrowAddress ? ~0u : 0u);
  SKIP_LANES
  for (int i = 0; i < 32; ++i) {
    T chosen = bits >> i & 1 ? a[i] : b[i];
    d[i] = mask >> i & 1 ? chosen : d[i];
  }
}

void selpPredicate(Warp &w, const Instruction &in, uint32_t mask) {
  uint32_t by = *w.at<uint32_t>(in.c);
  setPredicate(w, in.dst, (*w.at<uint32_t>(in.a) & by) | (*w.at<uint32_t>(in.b) & ~by), mask);
}

void decodeSelp(Decoding &d) {
  Type type = d.takeType();
  d.wantOperands(4, 4);
  bool negated = false;
  if (type == Type::pred) {
    d.in.dst = d.predicate(d.operand(0), negated);
    d.in.a = d.predicate(d.operand(1), negated);
    d.in.b = d.predicate(d.operand(2), negated);
    d.in.execute = selpPredicate;
  } else {
    d.in.execute = forBits(d, type, [](auto zero) -> Execute { return selp<decltype(zero)>; });
    d.in.dst = d.destination(0, type);
    d.in.a = d.source(1, type);
    d.in.b = d.source(2, type);
  }
  d.in.c = d.predicate(d.operand(3), negated);
  d.in.narrowAddress = negated;
}

template <class T, class C> void slct(Warp &w, const Instruction &in, uint32_t mask) {
  for (int i = 0; i < 32; ++i) {
    C c = w.at<C>(in.c)[i];
    if constexpr (std::is_same_v<C, float>)
      c = in.kind ? flushed(c) : c;
    if (mask >> i & 1)
      w.at<T>(in.dst)[i] = c >= C(0) ? w.at<T>(in.a)[i] : w.at<T>(in.b)[i];
  }
}

void decodeSlct(Decoding &d) {
  d.in.kind = d.take("ftz");
  Type type = d.takeType(), by = d.wantType({Type::s32, Type::f32});
  d.wantOperands(4, 4);
  d.in.execute = forBits(d, type, [by](auto zero) -> Execute {
    return by == Type::s32 ? slct<decltype(zero), int32_t> : slct<decltype(zero), float>;
  });
  d.in.dst = d.destination(0, type);
  d.in.a = d.source(1, type);
  d.in.b = d.source(2, type);
  d.in.c = d.source(3, by);
}

template <class T> void testp(Warp &w, const Instruction &in, uint32_t mask) {
  uint32_t bits = 0;
  for (int i = 0; i < 32; ++i) {
    T value = w.at<T>(in.a)[i];
    int kind = std::fpclassify(value);
    bool holds[] = {std::isfinite(value), std::isinf(value), kind != FP_NAN,
                    kind == FP_NAN,       kind == FP_NORMAL, kind == FP_SUBNORMAL};
    bits |= static_cast<uint32_t>(holds[in.kind]) << i;
  }
  setPredicate(w, in.dst, bits, mask);
}

void decodeTestp(Decoding &d) {
  int kind = d.takeOneOf({"finite", "infinite", "number", "notanumber", "normal", "subnormal"});
  Type type = d.wantType({Type::f32, Type::f64});
  bool negated = false;
  if (kind < 0)
    d.fail("a property is missing");
  d.wantOperands(2, 2);
  d.in.kind = static_cast<uint8_t>(kind);
  d.in.dst = d.predicate(d.operand(0), negated);
  d.in.a = d.source(1, type);
  d.in.execute = type == Type::f32 ? testp<float> : testp<double>;
}

constexpr Operation kOperations[] = {{"selp", decodeSelp}, {"slct", decodeSlct}, {"testp", decodeTestp}};

} // namespace

std::span<const Operation> choiceOperations() { return kOperations; }

} // namespace skip::emulator
