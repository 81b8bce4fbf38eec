// The two passes over pixels: weighted means along rows and across them.
#pragma once

#include <stdint.h>

namespace skip::runtime {

/// Means along rows: for each of `count` pixels, `groups` groups of weights (Windows.h).
struct ColumnTable {
  int32_t pixelBytes; ///< 1, 3 or 4
  int64_t count, groups;
  const int64_t *firsts;  ///< the pixel that the first group begins with
  const int16_t *weights; ///< [count, groups, 2, groupSize(pixelBytes)]
};

/// Pixels of a group along rows; across rows it has two.
constexpr int64_t groupSize(int32_t pixelBytes) { return pixelBytes == 1 ? 8 : 4; }
enum { rowGroupSize = 2 };

/// Pixels that must be there to be read from, behind the last window's groups if there are fewer: what vectors read.
constexpr int64_t leastPixels(int32_t pixelBytes, int64_t groups) {
  return groupSize(pixelBytes) * groups + (pixelBytes == 3 ? 3 : 0);
}

struct Passes {
  /// Four rows at a time. A row that is written has one byte more than its pixels.
  void (*alongRows)(const ColumnTable &table, const uint8_t *const from[4], uint8_t *const to[4]);
  /// `rows` are rowGroupSize * groups rows of `bytes` bytes.
  void (*acrossRows)(const uint8_t *const *rows, const int16_t *weights, int64_t groups, int64_t bytes, uint8_t *to);
};

/// In AVX2, or for any CPU; the same bits.
const Passes &passesOf(bool avx2);

extern const Passes plainPasses, avx2Passes;

} // namespace skip::runtime
