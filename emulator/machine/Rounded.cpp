#include "emulator/machine/Rounded.h"

#include <cfenv>
#include <cmath>

namespace skip::emulator {
namespace {

/// The operands are volatile, so that no arithmetic moves out of the scope of its rounding.
class InRounding {
public:
  explicit InRounding(RoundTo to) : before(std::fegetround()) {
    static constexpr int kModes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
    std::fesetround(kModes[static_cast<int>(to)]);
  }
  ~InRounding() { std::fesetround(before); }

private:
  int before;
};

} // namespace

template <class T> T addRounded(T a, T b, RoundTo to) {
  InRounding scope(to);
  volatile T x = a, y = b, r = x + y;
  return r;
}
template <class T> T mulRounded(T a, T b, RoundTo to) {
  InRounding scope(to);
  volatile T x = a, y = b, r = x * y;
  return r;
}
template <class T> T fmaRounded(T a, T b, T c, RoundTo to) {
  InRounding scope(to);
  volatile T x = a, y = b, z = c, r = std::fma(T(x), T(y), T(z));
  return r;
}
template <class T> T divRounded(T a, T b, RoundTo to) {
  InRounding scope(to);
  volatile T x = a, y = b, r = x / y;
  return r;
}
template <class T> T sqrtRounded(T a, RoundTo to) {
  InRounding scope(to);
  volatile T x = a, r = std::sqrt(T(x));
  return r;
}
float narrowRounded(double a, RoundTo to) {
  InRounding scope(to);
  volatile double x = a;
  volatile float r = static_cast<float>(x);
  return r;
}
template <class T, class I> T fromIntegerRounded(I a, RoundTo to) {
  InRounding scope(to);
  volatile I x = a;
  volatile T r = static_cast<T>(x);
  return r;
}
double integral(double value, RoundTo to) {
  switch (to) {
  case RoundTo::nearest:
    return std::nearbyint(value);
  case RoundTo::zero:
    return std::trunc(value);
  case RoundTo::down:
    return std::floor(value);
  case RoundTo::up:
    return std::ceil(value);
  }
  return value;
}

template float addRounded(float, float, RoundTo);
template double addRounded(double, double, RoundTo);
template float mulRounded(float, float, RoundTo);
template double mulRounded(double, double, RoundTo);
template float fmaRounded(float, float, float, RoundTo);
template double fmaRounded(double, double, double, RoundTo);
template float divRounded(float, float, RoundTo);
template double divRounded(double, double, RoundTo);
template float sqrtRounded(float, RoundTo);
template double sqrtRounded(double, RoundTo);
template float fromIntegerRounded(int64_t, RoundTo);
template float fromIntegerRounded(uint64_t, RoundTo);
template double fromIntegerRounded(int64_t, RoundTo);
template double fromIntegerRounded(uint64_t, RoundTo);

} // namespace skip::emulator
