// Random numbers by place: Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", 2011), and a logarithm
// that gives the same bits everywhere. What is drawn of them needs no state of a generator, which could be lost.
#pragma once

#include <array>
#include <bit>
#include <stdint.h>

namespace skip::runtime {

/// The ten rounds of Philox4x32.
inline std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    uint64_t first = uint64_t{0xD2511F53} * counter[0], second = uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<uint32_t>(second >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(second),
               static_cast<uint32_t>(first >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(first)};
    key = {key[0] + 0x9E3779B9, key[1] + 0xBB67AE85};
  }
  return counter;
}

/// In [0, 1), a multiple of 2^-53.
inline double uniformOf(uint32_t high, uint32_t low) {
  return static_cast<double>((uint64_t{high} << 32 | low) >> 11) * 0x1p-53;
}

/// The natural logarithm of a normal number above zero, by + - x / alone: x = m 2^e with m near 1; log m = 2 artanh z for
/// z = (m - 1) / (m + 1), |z| < 0.172, by its series.
inline double plainLog(double x) {
  constexpr double logOfTwo = 0.69314718055994530942, rootOfTwo = 1.4142135623730950488;
  uint64_t bits = std::bit_cast<uint64_t>(x);
  int exponent = static_cast<int>(bits >> 52) - 1023;
  double mantissa = std::bit_cast<double>((bits & 0xFFFFFFFFFFFFF) | uint64_t{1023} << 52);
  if (mantissa > rootOfTwo) {
    mantissa /= 2;
    ++exponent;
  }
  double z = (mantissa - 1) / (mantissa + 1), square = z * z, sum = 0;
  for (int k = 23; k >= 1; k -= 2)
    sum = sum * square + 1.0 / k;
  return exponent * logOfTwo + 2 * z * sum;
}

} // namespace skip::runtime
