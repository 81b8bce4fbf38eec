// Arithmetic of f32 and f64 in the roundings other than to nearest.
#pragma once

#include <cstdint>

namespace skip::emulator {

enum class RoundTo : uint8_t { nearest, zero, down, up };

template <class T> T addRounded(T a, T b, RoundTo to);
template <class T> T mulRounded(T a, T b, RoundTo to);
template <class T> T fmaRounded(T a, T b, T c, RoundTo to);
template <class T> T divRounded(T a, T b, RoundTo to);
template <class T> T sqrtRounded(T a, RoundTo to);
float narrowRounded(double a, RoundTo to);
template <class T, class I> T fromIntegerRounded(I a, RoundTo to);
/// To an integral value: rni, rzi, rmi, rpi.
double integral(double value, RoundTo to);

} // namespace skip::emulator
