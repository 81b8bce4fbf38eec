#include "emulator/tensor/Mma.h"

#include <algorithm>
#include <limits>

namespace skip::emulator {

constexpr int kRows = 16, kColumns = 8, kMostK = 32;

template <MatrixElement element> static float valueOf(uint32_t word, int index) {
  if constexpr (element == MatrixElement::f16)
    return fromF16(static_cast<uint16_t>(word >> 16 * index));
  else if constexpr (element == MatrixElement::bf16)
    return fromBf16(static_cast<uint16_t>(word >> 16 * index));
  else if constexpr (element == MatrixElement::tf32)
    return fromTf32(word);
  else
    return static_cast<float>(integerOf(word, index, element));
}

/// Calls body.template operator()<element>(): what is done for many elements asks but once what they are.
template <class Body> static void withElement(MatrixElement element, Body body) {
  switch (element) {
  case MatrixElement::f16:
    return body.template operator()<MatrixElement::f16>();
  case MatrixElement::bf16:
    return body.template operator()<MatrixElement::bf16>();
  case MatrixElement::tf32:
    return body.template operator()<MatrixElement::tf32>();
  case MatrixElement::s8:
    return body.template operator()<MatrixElement::s8>();
  case MatrixElement::u8:
    return body.template operator()<MatrixElement::u8>();
  }
}

void elementsOf(std::span<const uint32_t> words, MatrixElement element, float *values) {
  withElement(element, [&]<MatrixElement known>() {
    constexpr int each = 4 / bytesOf(known);
    for (uint32_t word : words)
      for (int index = 0; index < each; ++index)
        *values++ = valueOf<known>(word, index);
  });
}

int32_t integerOf(uint32_t word, int index, MatrixElement element) {
  uint8_t byte = static_cast<uint8_t>(word >> 8 * index);
  return element == MatrixElement::s8 ? static_cast<int8_t>(byte) : byte;
}

void gatherA(std::span<const LaneWords> registers, int k, MatrixElement element, float *a) {
  withElement(element, [&]<MatrixElement known>() {
    constexpr int bytes = bytesOf(known);
    for (int reg = 0; reg < registersOfA(k, bytes); ++reg)
      for (int lane = 0; lane < kWarpLanes; ++lane)
        for (int index = 0; index < 4 / bytes; ++index) {
          Position at = positionInA(lane, reg, index, bytes);
          a[at.row * k + at.column] = valueOf<known>(registers[reg][lane], index);
        }
  });
}

void gatherB(std::span<const LaneWords> registers, int k, MatrixElement element, float *b) {
  withElement(element, [&]<MatrixElement known>() {
    constexpr int bytes = bytesOf(known);
    for (int reg = 0; reg < registersOfB(k, bytes); ++reg)
      for (int lane = 0; lane < kWarpLanes; ++lane)
        for (int index = 0; index < 4 / bytes; ++index) {
          Position at = positionInB(lane, reg, index, bytes);
          b[at.row * kColumns + at.column] = valueOf<known>(registers[reg][lane], index);
        }
  });
}

/// `columns` sums of one row stay in registers over all of K.
template <int columns>
[[gnu::always_inline]] static inline void multiplyColumns(float *__restrict c, const float *__restrict a,
                                                          const float *__restrict b, int n, int k) {
  float sums[columns];
  for (int column = 0; column < columns; ++column)
    sums[column] = c[column];
  for (int inner = 0; inner < k; ++inner)
    for (int column = 0; column < columns; ++column)
      sums[column] += a[inner] * b[inner * n + column];
  for (int column = 0; column < columns; ++column)
    c[column] = sums[column];
}

[[gnu::always_inline]] static inline void multiplyBody(float *c, const float *a, const float *b, int n, int k) {
  int column = 0;
  for (; column + 32 <= n; column += 32)
    for (int row = 0; row < kRows; ++row)
      multiplyColumns<32>(c + row * n + column, a + row * k, b + column, n, k);
  for (; column < n; column += kColumns)
    for (int row = 0; row < kRows; ++row)
      multiplyColumns<kColumns>(c + row * n + column, a + row * k, b + column, n, k);
}

// AVX2 alone has no fused multiply-add, so that both round alike.
[[gnu::target("avx2")]] static void multiplyAvx2(float *c, const float *a, const float *b, int n, int k) {
  multiplyBody(c, a, b, n, k);
}

void multiplyAccumulate(float *c, const float *a, const float *b, int n, int k) {
  static const bool avx2 = __builtin_cpu_supports("avx2");
  avx2 ? multiplyAvx2(c, a, b, n, k) : multiplyBody(c, a, b, n, k);
}

void mmaF32(std::span<LaneWords> d, std::span<const LaneWords> a, std::span<const LaneWords> b, std::span<const LaneWords> c,
            int k, MatrixElement element) {
  float matrixA[kRows * kMostK], matrixB[kMostK * kColumns], sums[kRows * kColumns];
  gatherA(a, k, element, matrixA);
  gatherB(b, k, element, matrixB);
  for (int index = 0; index < 4; ++index)
    for (int lane = 0; lane < kWarpLanes; ++lane) {
      Position at = positionInC(lane, index);
      sums[at.row * kColumns + at.column] = std::bit_cast<float>(c[index][lane]);
    }
  multiplyAccumulate(sums, matrixA, matrixB, kColumns, k);
  for (int index = 0; index < 4; ++index)
    for (int lane = 0; lane < kWarpLanes; ++lane) {
      Position at = positionInC(lane, index);
      d[index][lane] = std::bit_cast<uint32_t>(canonical(sums[at.row * kColumns + at.column]));
    }
}

void mmaF16(std::span<LaneWords> d, std::span<const LaneWords> a, std::span<const LaneWords> b, std::span<const LaneWords> c,
            int k) {
  float matrixA[kRows * kMostK], matrixB[kMostK * kColumns], sums[kRows * kColumns];
  gatherA(a, k, MatrixElement::f16, matrixA);
  gatherB(b, k, MatrixElement::f16, matrixB);
  for (int index = 0; index < 4; ++index)
    for (int lane = 0; lane < kWarpLanes; ++lane) {
      Position at = positionInC(lane, index);
      sums[at.row * kColumns + at.column] = fromF16(static_cast<uint16_t>(c[index / 2][lane] >> 16 * (index & 1)));
    }
  multiplyAccumulate(sums, matrixA, matrixB, kColumns, k);
  for (int reg = 0; reg < 2; ++reg)
    for (int lane = 0; lane < kWarpLanes; ++lane) {
      Position low = positionInC(lane, 2 * reg), high = positionInC(lane, 2 * reg + 1);
      d[reg][lane] = toF16(sums[low.row * kColumns + low.column]) |
                     static_cast<uint32_t>(toF16(sums[high.row * kColumns + high.column])) << 16;
    }
}

static int32_t narrowedSum(int64_t sum, bool saturate) {
  using Limits = std::numeric_limits<int32_t>;
  return static_cast<int32_t>(saturate ? std::clamp<int64_t>(sum, Limits::min(), Limits::max()) : sum);
}

void mmaS32(std::span<LaneWords> d, std::span<const LaneWords> a, std::span<const LaneWords> b, std::span<const LaneWords> c,
            int k, MatrixElement ofA, MatrixElement ofB, bool saturate) {
  int32_t matrixA[kRows * kMostK], matrixB[kMostK * kColumns];
  for (int lane = 0; lane < kWarpLanes; ++lane)
    for (int index = 0; index < 4; ++index) {
      for (int reg = 0; reg < registersOfA(k, 1); ++reg) {
        Position at = positionInA(lane, reg, index, 1);
        matrixA[at.row * k + at.column] = integerOf(a[reg][lane], index, ofA);
      }
      for (int reg = 0; reg < registersOfB(k, 1); ++reg) {
        Position at = positionInB(lane, reg, index, 1);
        matrixB[at.row * kColumns + at.column] = integerOf(b[reg][lane], index, ofB);
      }
    }
  for (int index = 0; index < 4; ++index)
    for (int lane = 0; lane < kWarpLanes; ++lane) {
      Position at = positionInC(lane, index);
      int64_t sum = static_cast<int32_t>(c[index][lane]);
      for (int inner = 0; inner < k; ++inner)
        sum += matrixA[at.row * k + inner] * matrixB[inner * kColumns + at.column];
      d[index][lane] = static_cast<uint32_t>(narrowedSum(sum, saturate));
    }
}

LaneWords distributed(const Matrix8x8 &matrix, bool transposed) {
  LaneWords words;
  for (int lane = 0; lane < kWarpLanes; ++lane) {
    int row = lane / 4, column = 2 * (lane % 4);
    uint32_t low = transposed ? matrix[column][row] : matrix[row][column];
    uint32_t high = transposed ? matrix[column + 1][row] : matrix[row][column + 1];
    words[lane] = low | high << 16;
  }
  return words;
}

Matrix8x8 collected(const LaneWords &registers, bool transposed) {
  Matrix8x8 matrix;
  for (int lane = 0; lane < kWarpLanes; ++lane) {
    int row = lane / 4, column = 2 * (lane % 4);
    for (int half = 0; half < 2; ++half) {
      uint16_t value = static_cast<uint16_t>(registers[lane] >> 16 * half);
      (transposed ? matrix[column + half][row] : matrix[row][column + half]) = value;
    }
  }
  return matrix;
}

} // namespace skip::emulator
