// Loops over the 32 lanes of a warp, with a fast path for all of them. Operations are objects without state whose call is one
// lane's work; the compiler makes vectors of them.
#pragma once

#include "emulator/machine/Decode.h"
#include "emulator/machine/LaneLoops.h"
#include "emulator/machine/State.h"
#include "emulator/tensor/Float.h"

#include <bit>
#include <type_traits>

namespace skip::emulator {

constexpr uint32_t kAllLanes = ~uint32_t(0);

template <class D, class A, class Op> void unary(Warp &w, const Instruction &in, uint32_t mask) {
  D *d = w.at<D>(in.dst);
  const A *a = w.at<A>(in.a);
  if (mask == kAllLanes) {
    SKIP_LANES
    for (int i = 0; i < 32; ++i)
      d[i] = Op()(a[i]);
  } else {
    SKIP_LANES
    for (int i = 0; i < 32; ++i)
      d[i] = mask >> i & 1 ? static_cast<D>(Op()(a[i])) : d[i];
  }
}

template <class D, class A, class B, class Op> void binary(Warp &w, const Instruction &in, uint32_t mask) {
  D *d = w.at<D>(in.dst);
  const A *a = w.at<A>(in.a);
  const B *b = w.at<B>(in.b);
  if (mask == kAllLanes) {
    SKIP_LANES
    for (int i = 0; i < 32; ++i)
      d[i] = Op()(a[i], b[i]);
  } else {
    SKIP_LANES
    for (int i = 0; i < 32; ++i)
      d[i] = mask >> i & 1 ? static_cast<D>(Op()(a[i], b[i])) : d[i];
  }
}

template <class D, class A, class B, class C, class Op> void ternary(Warp &w, const Instruction &in, uint32_t mask) {
  D *d = w.at<D>(in.dst);
  const A *a = w.at<A>(in.a);
  const B *b = w.at<B>(in.b);
  const C *c = w.at<C>(in.c);
  if (mask == kAllLanes) {
    SKIP_LANES
    for (int i = 0; i < 32; ++i)
      d[i] = Op()(a[i], b[i], c[i]);
  } else {
    SKIP_LANES
    for (int i = 0; i < 32; ++i)
      d[i] = mask >> i & 1 ? static_cast<D>(Op()(a[i], b[i], c[i])) : d[i];
  }
}

/// The lanes for which Op holds, as bits.
template <class A, class Op> uint32_t lanesWhere(const A *a, const A *b) {
  uint32_t bits = 0;
  SKIP_LANES
  for (int i = 0; i < 32; ++i)
    bits |= static_cast<uint32_t>(Op()(a[i], b[i])) << i;
  return bits;
}

inline void setPredicate(Warp &w, uint32_t place, uint32_t bits, uint32_t mask) {
  uint32_t *predicate = w.at<uint32_t>(place);
  *predicate = (*predicate & ~mask) | (bits & mask);
}

/// f(T()) for the C++ type that holds an integer of `type`.
template <class F> Execute forInteger(Decoding &d, Type type, F f) {
  switch (type) {
  case Type::u16:
  case Type::b16:
    return f(uint16_t());
  case Type::s16:
    return f(int16_t());
  case Type::u32:
  case Type::b32:
    return f(uint32_t());
  case Type::s32:
    return f(int32_t());
  case Type::u64:
  case Type::b64:
    return f(uint64_t());
  case Type::s64:
    return f(int64_t());
  default:
    d.refuseType(type);
  }
}

template <class F> Execute forBits(Decoding &d, Type type, F f) {
  switch (bytesOf(type)) {
  case 2:
    return f(uint16_t());
  case 4:
    return f(uint32_t());
  case 8:
    return f(uint64_t());
  default:
    d.refuseType(type);
  }
}

inline void decodeUnary(Decoding &d, Type type, Execute execute) {
  d.wantOperands(2, 2);
  d.in.dst = d.destination(0, type);
  d.in.a = d.source(1, type);
  d.in.execute = execute;
}

inline void decodeBinary(Decoding &d, Type type, Execute execute) {
  d.wantOperands(3, 3);
  d.in.dst = d.destination(0, type);
  d.in.a = d.source(1, type);
  d.in.b = d.source(2, type);
  d.in.execute = execute;
}

inline void decodeTernary(Decoding &d, Type type, Execute execute) {
  d.wantOperands(4, 4);
  d.in.dst = d.destination(0, type);
  d.in.a = d.source(1, type);
  d.in.b = d.source(2, type);
  d.in.c = d.source(3, type);
  d.in.execute = execute;
}

} // namespace skip::emulator
