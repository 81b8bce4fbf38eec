// Fragment maps against the tables of the PTX ISA, written out here by shape, and products against a plain loop.
#include "emulator/tensor/Mma.h"

#include <catch2/catch.hpp>

#include <random>
#include <set>
#include <vector>

using namespace skip::emulator;

TEST_CASE("mma: the maps of m16n8k16 with sixteen bits, as the ISA lists them") {
  for (int lane = 0; lane < 32; ++lane) {
    int group = lane >> 2, thread = lane % 4;
    for (int i = 0; i < 8; ++i) { // a0 .. a7
      int row = (i < 2 || (i >= 4 && i < 6)) ? group : group + 8;
      int column = thread * 2 + (i & 1) + (i >= 4 ? 8 : 0);
      REQUIRE(positionInA(lane, i / 2, i % 2, 2) == Position{row, column});
    }
    for (int i = 0; i < 4; ++i) { // b0 .. b3
      int row = thread * 2 + (i & 1) + (i >= 2 ? 8 : 0);
      REQUIRE(positionInB(lane, i / 2, i % 2, 2) == Position{row, group});
    }
    for (int i = 0; i < 4; ++i) // c0 .. c3
      REQUIRE(positionInC(lane, i) == Position{i < 2 ? group : group + 8, thread * 2 + (i & 1)});
  }
}

TEST_CASE("mma: the maps of m16n8k8 with tf32 and of m16n8k32 with bytes, as the ISA lists them") {
  for (int lane = 0; lane < 32; ++lane) {
    int group = lane >> 2, thread = lane % 4;
    for (int i = 0; i < 4; ++i)
      REQUIRE(positionInA(lane, i, 0, 4) == Position{i % 2 == 0 ? group : group + 8, i < 2 ? thread : thread + 4});
    for (int i = 0; i < 2; ++i)
      REQUIRE(positionInB(lane, i, 0, 4) == Position{i == 0 ? thread : thread + 4, group});
    for (int i = 0; i < 16; ++i) {
      int row = (i < 4 || (i >= 8 && i < 12)) ? group : group + 8;
      REQUIRE(positionInA(lane, i / 4, i % 4, 1) == Position{row, thread * 4 + (i & 3) + (i >= 8 ? 16 : 0)});
    }
    for (int i = 0; i < 8; ++i)
      REQUIRE(positionInB(lane, i / 4, i % 4, 1) == Position{thread * 4 + (i & 3) + (i >= 4 ? 16 : 0), group});
  }
}

TEST_CASE("mma: the maps of every shape hold each element once") {
  struct Shape {
    int k, bytes;
  };
  for (Shape shape : {Shape{8, 2}, {16, 2}, {4, 4}, {8, 4}, {16, 1}, {32, 1}}) {
    std::set<std::pair<int, int>> a, b;
    for (int lane = 0; lane < 32; ++lane)
      for (int index = 0; index < 4 / shape.bytes; ++index) {
        for (int reg = 0; reg < registersOfA(shape.k, shape.bytes); ++reg) {
          Position at = positionInA(lane, reg, index, shape.bytes);
          REQUIRE((at.row >= 0 && at.row < 16 && at.column >= 0 && at.column < shape.k));
          a.insert({at.row, at.column});
        }
        for (int reg = 0; reg < registersOfB(shape.k, shape.bytes); ++reg) {
          Position at = positionInB(lane, reg, index, shape.bytes);
          REQUIRE((at.row >= 0 && at.row < shape.k && at.column >= 0 && at.column < 8));
          b.insert({at.row, at.column});
        }
      }
    CHECK(a.size() == 16u * shape.k);
    CHECK(b.size() == 8u * shape.k);
  }
}

namespace {
/// Small integers in every format, so that any order of summation gives one result.
struct Problem {
  std::vector<LaneWords> a, b, c = std::vector<LaneWords>(4);
  double matrixA[16][32] = {}, matrixB[32][8] = {}, matrixC[16][8] = {};

  Problem(int k, MatrixElement element) {
    int bytes = bytesOf(element);
    a.resize(registersOfA(k, bytes));
    b.resize(registersOfB(k, bytes));
    std::mt19937 random(k + bytes);
    auto small = [&] { return static_cast<int>(random() % 15) - 7; };
    auto put = [&](LaneWords &words, int lane, int index, int value) {
      uint32_t bits = element == MatrixElement::f16    ? toF16(value)
                      : element == MatrixElement::bf16 ? toBf16(static_cast<float>(value))
                      : element == MatrixElement::tf32 ? std::bit_cast<uint32_t>(static_cast<float>(value))
                                                       : static_cast<uint8_t>(value);
      words[lane] = (index == 0 ? 0 : words[lane]) | bits << (8 * bytes * index % 32);
    };
    for (int lane = 0; lane < 32; ++lane) {
      for (int index = 0; index < 4 / bytes; ++index) {
        for (size_t reg = 0; reg < a.size(); ++reg) {
          Position at = positionInA(lane, static_cast<int>(reg), index, bytes);
          put(a[reg], lane, index, static_cast<int>(matrixA[at.row][at.column] = small()));
        }
        for (size_t reg = 0; reg < b.size(); ++reg) {
          Position at = positionInB(lane, static_cast<int>(reg), index, bytes);
          put(b[reg], lane, index, static_cast<int>(matrixB[at.row][at.column] = small()));
        }
      }
      for (int i = 0; i < 4; ++i) {
        Position at = positionInC(lane, i);
        matrixC[at.row][at.column] = small();
        c[i][lane] = isInteger(element) ? static_cast<uint32_t>(static_cast<int>(matrixC[at.row][at.column]))
                                        : std::bit_cast<uint32_t>(static_cast<float>(matrixC[at.row][at.column]));
      }
    }
  }

  double expected(Position at, int k) const {
    double sum = matrixC[at.row][at.column];
    for (int i = 0; i < k; ++i)
      sum += matrixA[at.row][i] * matrixB[i][at.column];
    return sum;
  }
};
} // namespace

TEST_CASE("mma: products with f32 accumulators") {
  struct Shape {
    int k;
    MatrixElement element;
  };
  for (Shape shape : {Shape{8, MatrixElement::f16},
                      {16, MatrixElement::f16},
                      {8, MatrixElement::bf16},
                      {16, MatrixElement::bf16},
                      {4, MatrixElement::tf32},
                      {8, MatrixElement::tf32}}) {
    Problem problem(shape.k, shape.element);
    mmaF32(problem.c, problem.a, problem.b, std::vector<LaneWords>(problem.c), shape.k, shape.element);
    for (int lane = 0; lane < 32; ++lane)
      for (int i = 0; i < 4; ++i)
        REQUIRE(std::bit_cast<float>(problem.c[i][lane]) == problem.expected(positionInC(lane, i), shape.k));
  }
}

TEST_CASE("mma: products with f16 accumulators") {
  Problem problem(16, MatrixElement::f16);
  std::vector<LaneWords> sums(2);
  for (int lane = 0; lane < 32; ++lane)
    for (int reg = 0; reg < 2; ++reg)
      sums[reg][lane] = toF16(std::bit_cast<float>(problem.c[2 * reg][lane])) |
                        uint32_t{toF16(std::bit_cast<float>(problem.c[2 * reg + 1][lane]))} << 16;
  mmaF16(sums, problem.a, problem.b, std::vector<LaneWords>(sums), 16);
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < 4; ++i)
      REQUIRE(fromF16(static_cast<uint16_t>(sums[i / 2][lane] >> 16 * (i & 1))) == problem.expected(positionInC(lane, i), 16));
}

TEST_CASE("mma: products of bytes") {
  for (int k : {16, 32}) {
    Problem problem(k, MatrixElement::s8);
    mmaS32(problem.c, problem.a, problem.b, std::vector<LaneWords>(problem.c), k, MatrixElement::s8, MatrixElement::s8, false);
    for (int lane = 0; lane < 32; ++lane)
      for (int i = 0; i < 4; ++i)
        REQUIRE(static_cast<int32_t>(problem.c[i][lane]) == problem.expected(positionInC(lane, i), k));
  }
}

TEST_CASE("mma: sums of bytes wrap, or stay within 32 bits") {
  LaneWords ones, most;
  ones.fill(0x01010101);
  most.fill(0x7fffffff);
  std::vector<LaneWords> a(4, ones), b(2, ones), c(4, most), d(4);
  mmaS32(d, a, b, c, 32, MatrixElement::s8, MatrixElement::u8, false);
  CHECK(d[0][0] == 0x7fffffffu + 32);
  mmaS32(d, a, b, c, 32, MatrixElement::s8, MatrixElement::u8, true);
  CHECK(d[0][0] == 0x7fffffffu);
}

TEST_CASE("mma: low bits of tf32 operands count for nothing") {
  LaneWords one;
  one.fill(std::bit_cast<uint32_t>(1.0f) | 0x1fff);
  std::vector<LaneWords> a(4, one), b(2, one), c(4, LaneWords{}), d(4);
  mmaF32(d, a, b, c, 8, MatrixElement::tf32);
  CHECK(std::bit_cast<float>(d[0][0]) == 8.0f);
}

TEST_CASE("ldmatrix: lane l holds two neighbours of row l / 4, or of column l / 4") {
  Matrix8x8 matrix;
  for (int row = 0; row < 8; ++row)
    for (int column = 0; column < 8; ++column)
      matrix[row][column] = static_cast<uint16_t>(16 * row + column);
  LaneWords plain = distributed(matrix, false), transposed = distributed(matrix, true);
  CHECK(plain[0] == 0x00010000);
  CHECK(plain[5] == 0x00130012);
  CHECK(plain[31] == 0x00770076);
  CHECK(transposed[5] == 0x00310021);
  CHECK(collected(plain, false) == matrix);
  CHECK(collected(transposed, true) == matrix);
  CHECK(addressLane(3, 7) == 31);
}
