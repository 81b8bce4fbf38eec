// The points at which Winograd's minimal filtering F(m x m, r x r) works, and with them its three matrices.
//
// F(m, r) takes n = m + r - 1 inputs d and r taps g to m outputs, as A^T [(G g) * (B^T d)], by way of polynomials that are
// evaluated at n points: 0, pairs +p and -p, where n is odd a single one, and infinity, in the order 0, +p0, -p0, +p1, ...,
// single, infinity. With M(x) the product of (x - a) over the finite points and M' its derivative, the row that belongs to the
// point a is
//
//             finite point a                                infinity
//   A         (1, a, a^2, ..., a^(m - 1)) / M'(a)           0, ..., 0, 1
//   G         (1, a, ..., a^(r - 1))                        0, ..., 0, 1
//   B^T       the n - 1 coefficients of M(x) / (x - a)      the n coefficients of M(x)
//
// F(2, 3) with the pair 1 so is: M = x^3 - x; B^T = (-1 0 1 0; 0 1 1 0; 0 -1 1 0; 0 -1 0 1), G = (1 0 0; 1 1 1; 1 -1 1;
// 0 0 1), A^T = (-1 1/2 1/2 0; 0 1/2 -1/2 1).
//
// Rounding errors depend on the points alone (scaling rows by powers of two changes nothing). These were the best of a search
// in eighths (sixteenths for n > 6) whose coefficients are exact in float32; the usual pairs 1, 2 of n = 6 err 2.2 times as
// much.
#pragma once

#include <cstdint>

namespace skip::kernel {

struct WinogradPoints {
  int count;         // of pairs
  double pairs[3];   // each the positive one
  double single = 0; // 0: there is none

  /// The i-th of the points, which is neither the first nor the last.
  constexpr double at(int64_t i) const { return i > 2 * count ? single : pairs[(i - 1) / 2] * (i % 2 ? 1 : -1); }
};

/// n is 4 to 8.
constexpr WinogradPoints winogradPoints(int64_t n) {
  switch (n) {
  case 4:
    return {1, {1}};
  case 5:
    return {1, {1.5}, 0.75};
  case 6:
    return {2, {0.625, 1.5}};
  case 7:
    return {2, {1, 1.625}, 0.4375};
  case 8:
    return {3, {0.5, 1.125, 1.75}};
  }
  __builtin_trap();
}

} // namespace skip::kernel
