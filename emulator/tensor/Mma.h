// Warp-level matrix products: which lane and register holds which element, and the arithmetic.
//
// All shapes of mma.sync with sixteen rows share one map. A register holds E elements of 4 / E bytes; with g = lane / 4 and
// t = lane % 4, register r of A holds row g + 8 (r & 1), columns E t + 0.. of the (r / 2)th group of 4 E columns; register r of
// B the same rows of the K axis in column g; register i of C row g + 8 (i / 2), column 2 t + (i & 1). A of wgmma in registers
// is the same, each warp with its sixteen rows, and its accumulator is that of C for each eight columns in turn.
//
// Products of f16, bf16 and tf32 are exact in f32. They are added to the accumulator one after the other in the order of K,
// each sum rounded to nearest. Silicon sums in an order and with a rounding of its own: results agree within the bounds of any
// such sum, not bit for bit.
#pragma once

#include "emulator/tensor/Float.h"

#include <array>
#include <cstdint>
#include <span>

namespace skip::emulator {

enum class MatrixElement : uint8_t { f16, bf16, tf32, s8, u8 };

constexpr int bytesOf(MatrixElement element) {
  return element == MatrixElement::tf32 ? 4 : element == MatrixElement::f16 || element == MatrixElement::bf16 ? 2 : 1;
}
constexpr bool isInteger(MatrixElement element) { return element == MatrixElement::s8 || element == MatrixElement::u8; }

/// The values of all elements of words, the lowest bits first.
void elementsOf(std::span<const uint32_t> words, MatrixElement element, float *values);
/// That of element `index` of a word of bytes.
int32_t integerOf(uint32_t word, int index, MatrixElement element);

struct Position {
  int row = 0, column = 0;
  bool operator==(const Position &) const = default;
};

constexpr int kWarpLanes = 32;
constexpr int registersOfA(int k, int elementBytes) { return 2 * k * elementBytes / 16; }
constexpr int registersOfB(int k, int elementBytes) { return k * elementBytes / 16; }

/// Row and column of A, in [16, K].
constexpr Position positionInA(int lane, int reg, int index, int elementBytes) {
  int each = 4 / elementBytes;
  return {lane / 4 + 8 * (reg & 1), each * (lane % 4) + index + 4 * each * (reg / 2)};
}
/// Row (along K) and column of B, in [K, 8].
constexpr Position positionInB(int lane, int reg, int index, int elementBytes) {
  int each = 4 / elementBytes;
  return {each * (lane % 4) + index + 4 * each * reg, lane / 4};
}
/// Row and column of element `index` of the accumulator, in [16, N]; elements 0 to N / 2 - 1, 32 bits each. Of f16 accumulators
/// register r holds elements 2 r (the low half) and 2 r + 1.
constexpr Position positionInC(int lane, int index) {
  return {lane / 4 + 8 * (index / 2 & 1), 8 * (index / 4) + 2 * (lane % 4) + (index & 1)};
}

/// Registers of a warp: one row of 32 lanes a register.
using LaneWords = std::array<uint32_t, kWarpLanes>;

/// A fragment as a row-major matrix of floats: A as [16][k], B as [k][8].
void gatherA(std::span<const LaneWords> registers, int k, MatrixElement element, float *a);
void gatherB(std::span<const LaneWords> registers, int k, MatrixElement element, float *b);

/// c[16][n] += a[16][k] b[k][n], all row-major, n a multiple of eight.
void multiplyAccumulate(float *c, const float *a, const float *b, int n, int k);

/// mma.sync.m16n8kK: `k` is 8 or 16 of f16 and bf16, 4 or 8 of tf32. d may be c.
void mmaF32(std::span<LaneWords> d, std::span<const LaneWords> a, std::span<const LaneWords> b, std::span<const LaneWords> c,
            int k, MatrixElement element);
/// The same of f16 with accumulators of f16, which are rounded once, at the end.
void mmaF16(std::span<LaneWords> d, std::span<const LaneWords> a, std::span<const LaneWords> b, std::span<const LaneWords> c,
            int k);
/// k = 16 or 32 of bytes, each operand signed or not. Sums wrap, or stay within 32 bits if `saturate` (`.satfinite`).
void mmaS32(std::span<LaneWords> d, std::span<const LaneWords> a, std::span<const LaneWords> b, std::span<const LaneWords> c,
            int k, MatrixElement ofA, MatrixElement ofB, bool saturate);

/// An 8x8 matrix of sixteen-bit elements, as ldmatrix and stmatrix move it.
using Matrix8x8 = std::array<std::array<uint16_t, 8>, 8>;

/// The lane whose address is that of row `row` of matrix `matrix`: x1 uses lanes 0 to 7, x2 0 to 15, x4 all.
constexpr int addressLane(int matrix, int row) { return 8 * matrix + row; }

/// ldmatrix: the register of all lanes that holds `matrix`. Lane l has elements 2 (l % 4) and the next of row l / 4, of column
/// l / 4 if `transposed`.
LaneWords distributed(const Matrix8x8 &matrix, bool transposed);
/// stmatrix: the other way round.
Matrix8x8 collected(const LaneWords &registers, bool transposed);

} // namespace skip::emulator
