// Roots, inverses and the approximations, which are computed in double and rounded once: closer to the true value than silicon,
// within its stated error.
#include "emulator/machine/Rounded.h"
#include "emulator/machine/ops/Narrow.h"

namespace skip::emulator {
namespace {

struct Rcp {
  double operator()(double a) const { return 1 / a; }
};
struct Rsqrt {
  double operator()(double a) const { return 1 / std::sqrt(a); }
};
struct Sqrt {
  double operator()(double a) const { return std::sqrt(a); }
};
struct Lg2 {
  double operator()(double a) const { return std::log2(a); }
};
struct Ex2 {
  double operator()(double a) const { return std::exp2(a); }
};
struct Sin {
  double operator()(double a) const { return std::sin(a); }
};
struct Cos {
  double operator()(double a) const { return std::cos(a); }
};
struct Tanh {
  double operator()(double a) const { return std::tanh(a); }
};

template <class Op> void approximate(Warp &w, const Instruction &in, uint32_t mask) {
  float *d = w.at<float>(in.dst);
  const float *a = w.at<float>(in.a);
  for (int i = 0; i < 32; ++i) {
    if (!(mask >> i & 1))
      continue;
    float x = in.kind & kFtz ? ftz(a[i]) : a[i];
    float r = static_cast<float>(Op()(static_cast<double>(x)));
    d[i] = tidy(in.kind & kFtz ? ftz(r) : r);
  }
}
template <class Op> void exactF64(Warp &w, const Instruction &in, uint32_t mask) { unary<double, double, Op>(w, in, mask); }

/// sqrt.rz and rcp.rp, and so on.
template <class T, bool Root> void roundedUnary(Warp &w, const Instruction &in, uint32_t mask) {
  T *d = w.at<T>(in.dst);
  const T *a = w.at<T>(in.a);
  RoundTo to = static_cast<RoundTo>(in.immediate);
  for (int i = 0; i < 32; ++i) {
    if (!(mask >> i & 1))
      continue;
    T x = a[i];
    if constexpr (sizeof(T) == 4)
      x = in.kind & kFtz ? ftz(x) : x;
    T r = Root ? sqrtRounded(x, to) : divRounded(T(1), x, to);
    if constexpr (sizeof(T) == 4)
      r = in.kind & kFtz ? ftz(r) : r;
    d[i] = tidy(r);
  }
}

template <bool Root> void decodeRootOrInverse(Decoding &d) {
  bool approx = d.take("approx");
  int rounding = d.takeOneOf({"rn", "rz", "rm", "rp"});
  d.in.kind = d.take("ftz") ? kFtz : 0;
  d.in.immediate = rounding < 0 ? 0 : rounding;
  if (approx == (rounding >= 0))
    d.fail("`.approx` or a rounding is missing");
  Type type = d.wantType({Type::f32, Type::f64});
  decodeUnary(d, type, type == Type::f32 ? roundedUnary<float, Root> : roundedUnary<double, Root>);
}

void decodeRsqrt(Decoding &d) {
  d.take("approx");
  d.in.kind = d.take("ftz") ? kFtz : 0;
  Type type = d.wantType({Type::f32, Type::f64});
  decodeUnary(d, type, type == Type::f32 ? approximate<Rsqrt> : exactF64<Rsqrt>);
}

template <class Op> void narrowApproximate(Warp &w, const Instruction &in, uint32_t mask) {
  for (int i = 0; i < 32; ++i) {
    if (!(mask >> i & 1))
      continue;
    Narrow one{in.immediate != 0, in.kind};
    if (in.count == 2) {
      uint32_t a = w.at<uint32_t>(in.a)[i];
      w.at<uint32_t>(in.dst)[i] = one.out(Op()(one.in(static_cast<uint16_t>(a)))) |
                                  uint32_t(one.out(Op()(one.in(static_cast<uint16_t>(a >> 16))))) << 16;
    } else {
      w.at<uint16_t>(in.dst)[i] = one.out(Op()(one.in(w.at<uint16_t>(in.a)[i])));
    }
  }
}

template <class Op, bool Narrow16> void decodeApproximate(Decoding &d) {
  if (!d.take("approx"))
    d.fail("`.approx` is missing");
  d.in.kind = d.take("ftz") ? kFtz : 0;
  Type type = d.takeType();
  if (type == Type::f32)
    return decodeUnary(d, type, approximate<Op>);
  if (!Narrow16 || bytesOf(type) > 4 || !isFloat(type))
    d.refuseType(type);
  d.in.count = bytesOf(type) / 2;
  d.in.immediate = type == Type::bf16 || type == Type::bf16x2;
  decodeUnary(d, type, narrowApproximate<Op>);
}

template <class T, class B> void copysign(Warp &w, const Instruction &in, uint32_t mask) {
  struct Sign { // copysign d, a, b: the sign of a, the rest of b
    B operator()(B a, B b) const {
      constexpr B kSign = B(1) << (8 * sizeof(B) - 1);
      return (a & kSign) | (b & ~kSign);
    }
  };
  binary<B, B, B, Sign>(w, in, mask);
}

void decodeCopysign(Decoding &d) {
  Type type = d.wantType({Type::f32, Type::f64});
  decodeBinary(d, type, type == Type::f32 ? copysign<float, uint32_t> : copysign<double, uint64_t>);
}

constexpr Operation kOperations[] = {
    {"rcp", decodeRootOrInverse<false>},    {"sqrt", decodeRootOrInverse<true>},     {"rsqrt", decodeRsqrt},
    {"lg2", decodeApproximate<Lg2, false>}, {"ex2", decodeApproximate<Ex2, true>},   {"sin", decodeApproximate<Sin, false>},
    {"cos", decodeApproximate<Cos, false>}, {"tanh", decodeApproximate<Tanh, true>}, {"copysign", decodeCopysign},
};

} // namespace

std::span<const Operation> functionOperations() { return kOperations; }

} // namespace skip::emulator
