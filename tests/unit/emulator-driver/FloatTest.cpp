// Roundings into the narrow formats, against the definition: the nearest of all values of the format.
#include "emulator/tensor/Float.h"

#include <catch2/catch.hpp>

#include <random>

using namespace skip::emulator;

static float fromBits(uint16_t bits, FloatFormat format) { return format.mantissaBits == 10 ? fromF16(bits) : fromBf16(bits); }

TEST_CASE("float: each f16 and each bf16 comes back from f32 as it was") {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    uint16_t half = static_cast<uint16_t>(bits);
    float f16 = fromF16(half), bf16 = fromBf16(half);
    for (Rounding rounding : {Rounding::rn, Rounding::rz, Rounding::rna}) {
      REQUIRE(toF16(f16, rounding) == (std::isnan(f16) ? kNan16 : half));
      REQUIRE(toBf16(bf16, rounding) == (std::isnan(bf16) ? kNan16 : half));
    }
    REQUIRE(toBf16(bf16) == (std::isnan(bf16) ? kNan16 : half));
  }
}

TEST_CASE("float: between two neighbours the nearer one is taken, and of the middle the one that the rounding says") {
  for (FloatFormat format : {kF16, kBf16}) {
    uint32_t infinity = ((1u << format.exponentBits) - 1) << format.mantissaBits;
    for (uint32_t bits = 0; bits + 1 < infinity; bits += 7) {
      double low = fromBits(static_cast<uint16_t>(bits), format), high = fromBits(static_cast<uint16_t>(bits + 1), format);
      double middle = low + (high - low) / 2, under = std::nextafter(middle, 0.0), over = std::nextafter(middle, high);
      REQUIRE(narrowed(under, format, Rounding::rn) == bits);
      REQUIRE(narrowed(over, format, Rounding::rn) == bits + 1);
      REQUIRE(narrowed(middle, format, Rounding::rn) == bits + (bits & 1));
      REQUIRE(narrowed(middle, format, Rounding::rna) == bits + 1);
      REQUIRE(narrowed(over, format, Rounding::rz) == bits);
      uint32_t sign = 1u << (format.exponentBits + format.mantissaBits);
      REQUIRE(narrowed(-over, format, Rounding::rn) == (sign | (bits + 1)));
      REQUIRE(narrowed(-over, format, Rounding::rz) == (sign | bits));
    }
  }
}

TEST_CASE("float: bf16's short way agrees with the long one") {
  std::mt19937 random(1);
  for (int i = 0; i < 200000; ++i) {
    float value = std::bit_cast<float>(static_cast<uint32_t>(random()));
    REQUIRE(toBf16(value) == toBf16(value, Rounding::rn));
  }
}

TEST_CASE("float: what is too large is infinity, the largest number towards zero and with satfinite") {
  CHECK(toF16(65519.0) == 0x7bff);
  CHECK(toF16(65520.0) == 0x7c00);
  CHECK(toF16(-1e30) == 0xfc00);
  CHECK(toF16(1e300) == 0x7c00);
  CHECK(toF16(1e30, Rounding::rz) == 0x7bff);
  CHECK(toF16(-1e30, Rounding::rn, true) == 0xfbff);
  CHECK(toF16(INFINITY, Rounding::rn, true) == 0x7bff);
  CHECK(toF16(INFINITY) == 0x7c00);
  CHECK(toBf16(3.4e38f) == 0x7f80);
  CHECK(toBf16(1e300, Rounding::rn) == 0x7f80);
}

TEST_CASE("float: subnormals are kept") {
  CHECK(toF16(0x1p-24) == 1);
  CHECK(toF16(0x1p-25) == 0); // a tie, to even
  CHECK(toF16(0x1p-25, Rounding::rna) == 1);
  CHECK(toF16(-0x1.8p-25) == 0x8001);
  CHECK(toF16(1e-300) == 0);
  CHECK(toF16(-1e-300, Rounding::rna) == 0x8000);
  CHECK(fromF16(0x8001) == -0x1p-24f);
  CHECK(toBf16(0x1p-133, Rounding::rn) == 1);
}

TEST_CASE("float: tf32 rounds halves away from zero, and its low bits count for nothing when read") {
  float below = std::bit_cast<float>(0x3f800fffu), half = std::bit_cast<float>(0x3f801000u);
  CHECK(toTf32(below) == 0x3f800000);
  CHECK(toTf32(half) == 0x3f802000);
  CHECK(toTf32(half, Rounding::rn) == 0x3f800000);
  CHECK(toTf32(-half) == 0xbf802000);
  CHECK(toTf32(NAN) == kNanF32);
  CHECK(std::bit_cast<uint32_t>(fromTf32(0x3f801fff)) == 0x3f800000);
}

TEST_CASE("float: relu, sat, ftz and NaN") {
  CHECK(rectified(-1) == 0);
  CHECK_FALSE(std::signbit(rectified(-0.0f)));
  CHECK(std::bit_cast<uint32_t>(rectified(std::bit_cast<float>(0xff812345u))) == kNanF32);
  CHECK(saturated(NAN) == 0);
  CHECK(saturated(2) == 1);
  CHECK(saturated(-2) == 0);
  CHECK(saturated(0.25f) == 0.25f);
  CHECK(std::signbit(flushed(-1e-40f)));
  CHECK(flushed(-1e-40f) == 0);
  CHECK(flushed(1e-30f) == 1e-30f);
  CHECK(maximum(NAN, 1) == 1);
  CHECK(maximum(1, NAN) == 1);
  CHECK(std::bit_cast<uint32_t>(maximum(1, NAN, true)) == kNanF32);
  CHECK(std::bit_cast<uint32_t>(minimum(-NAN, NAN)) == kNanF32);
  CHECK_FALSE(std::signbit(maximum(-0.0f, 0.0f)));
  CHECK_FALSE(std::signbit(maximum(0.0f, -0.0f)));
  CHECK(std::signbit(minimum(0.0f, -0.0f)));
  CHECK(minimum(3, -4) == -4);
}

TEST_CASE("float: a fused multiply-add rounds once") {
  // 1 + 2^-10 times itself is 1 + 2^-9 + 2^-20. Half of the last place is 2^-11: with c = 2^-11 the sum lies just above a tie.
  uint16_t factor = toF16(1 + 0x1p-10), c = toF16(0x1p-11 - 0x1p-20);
  double exact = (1 + 0x1p-10) * (1 + 0x1p-10) + fromF16(c);
  CHECK(fusedF16(factor, factor, c) == toF16(exact));
  // 2^-24 of a sum whose leading bits are a tie of f16 is beyond double's 53 bits of 65504's neighbourhood only in long sums:
  // the product 2^-48 decides here, which plain double rounding of 2048 + 1 + 2^-48 keeps, but not of 2^15 + 2^4 + 2^-48.
  uint16_t tiny = toF16(0x1p-24);
  CHECK(fusedF16(tiny, tiny, toF16(2048)) == toF16(2048));
  std::mt19937 random(2);
  for (int i = 0; i < 200000; ++i) {
    uint16_t a = static_cast<uint16_t>(random()), b = static_cast<uint16_t>(random()), d = static_cast<uint16_t>(random());
    long double wide = static_cast<long double>(fromBf16(a)) * fromBf16(b) + fromBf16(d);
    double odd = fusedToOdd(fromBf16(a), fromBf16(b), fromBf16(d));
    if (!std::isfinite(odd))
      continue;
    REQUIRE(std::fabs(static_cast<double>(wide - odd)) <= std::fabs(odd) * 0x1p-52);
  }
  // 1 + 2^-8 is a tie of bf16; what 2^-120 adds is lost in double, but not by rounding to odd.
  CHECK(fusedBf16(toBf16(0x1p-60f), toBf16(0x1p-60f), toBf16(1.0f)) == toBf16(1.0f));
  CHECK(toBf16(fusedToOdd(0x1p-60, 0x1p-60, 1 + 0x1p-8), Rounding::rn) == toBf16(1 + 0x1p-7f));
  CHECK(toBf16(fusedToOdd(-0x1p-60, 0x1p-60, 1 + 0x1p-8), Rounding::rn) == toBf16(1.0f));
}
