// Philox4x32-10, and numbers of several kinds made of its bits.
#include "tools/data/Draws.h"

#include <bit>
#include <cmath>

namespace skip::data {

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    uint64_t first = uint64_t{0xD2511F53} * counter[0], second = uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<uint32_t>(second >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(second),
               static_cast<uint32_t>(first >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(first)};
    key = {key[0] + 0x9E3779B9, key[1] + 0xBB67AE85};
  }
  return counter;
}

uint32_t Draws::bits() {
  if (left == 0) {
    block = philox(counter, key);
    ++counter[3];
    left = 4;
  }
  return block[--left];
}

/// Lemire's way: the upper half of bits x bound, without the few bits that would favour some numbers.
uint32_t Draws::below(uint32_t bound) {
  uint32_t favoured = (0u - bound) % bound;
  uint64_t product;
  do
    product = uint64_t{bits()} * bound;
  while (static_cast<uint32_t>(product) < favoured);
  return static_cast<uint32_t>(product >> 32);
}

double Draws::uniform() {
  uint64_t high = bits(), low = bits();
  return static_cast<double>((high << 32 | low) >> 11) * 0x1p-53;
}

double Draws::normal() {
  double x, square;
  do {
    double y = 2 * uniform() - 1;
    x = 2 * uniform() - 1;
    square = x * x + y * y;
  } while (square >= 1 || square == 0);
  return x * std::sqrt(-2 * plainLog(square) / square);
}

/// x = m 2^e with m near 1; log m = 2 artanh z for z = (m - 1) / (m + 1), |z| < 0.172, by its series.
double plainLog(double x) {
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

} // namespace skip::data
