// Numbers of several kinds, made of Philox's bits.
#include "tools/data/Draws.h"

#include <cmath>

namespace skip::data {

uint32_t Draws::bits() {
  if (left == 0) {
    block = runtime::philox(counter, key);
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
  uint32_t high = bits(), low = bits();
  return runtime::uniformOf(high, low);
}

double Draws::normal() {
  double x, square;
  do {
    double y = 2 * uniform() - 1;
    x = 2 * uniform() - 1;
    square = x * x + y * y;
  } while (square >= 1 || square == 0);
  return x * std::sqrt(-2 * runtime::plainLog(square) / square);
}

} // namespace skip::data
