// The passes pixel by pixel, for CPUs without AVX2.
#include "runtime/picture/Passes.h"

#include "runtime/picture/Windows.h"

namespace skip::runtime {

static uint32_t weightAt(const int16_t *group, int64_t size, int64_t pixel) {
  return (static_cast<uint32_t>(group[pixel]) << lowBits) + static_cast<uint32_t>(group[size + pixel]);
}

/// Sums are modulo 2^32; what they come to fits.
static uint8_t rounded(uint32_t sum) {
  int32_t value = static_cast<int32_t>(sum + (1u << (weightBits - 1))) >> weightBits;
  return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void rowAlong(const ColumnTable &table, const uint8_t *from, uint8_t *to) {
  const int64_t size = groupSize(table.pixelBytes);
  for (int64_t x = 0; x < table.count; ++x)
    for (int32_t channel = 0; channel < table.pixelBytes; ++channel) {
      const uint8_t *pixel = from + table.firsts[x] * table.pixelBytes + channel;
      uint32_t sum = 0;
      for (int64_t group = 0; group < table.groups; ++group)
        for (int64_t i = 0; i < size; ++i, pixel += table.pixelBytes)
          sum += *pixel * weightAt(table.weights + 2 * size * (x * table.groups + group), size, i);
      *to++ = rounded(sum);
    }
}

static void alongRows(const ColumnTable &table, const uint8_t *const from[4], uint8_t *const to[4]) {
  for (int row = 0; row < 4; ++row)
    rowAlong(table, from[row], to[row]);
}

static void acrossRows(const uint8_t *const *rows, const int16_t *weights, int64_t groups, int64_t bytes, uint8_t *to) {
  for (int64_t i = 0; i < bytes; ++i) {
    uint32_t sum = 0;
    for (int64_t row = 0; row < rowGroupSize * groups; ++row)
      sum += rows[row][i] * weightAt(weights + row / rowGroupSize * 2 * rowGroupSize, rowGroupSize, row % rowGroupSize);
    to[i] = rounded(sum);
  }
}

const Passes plainPasses = {alongRows, acrossRows};

const Passes &passesOf(bool avx2) { return avx2 ? avx2Passes : plainPasses; }

} // namespace skip::runtime
