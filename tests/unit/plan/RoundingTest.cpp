// What is left of numbers that are stored or multiplied in less than f32.
#include "ir/plan/Rounding.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace skip::plan;

TEST_CASE("rounding: to the nearest number that is stored, of two to the even one") {
  CHECK(rounded(1.0 + 0x1p-30, Element::f32) == 1.0);
  CHECK(rounded(1.0 + 0x1p-8, Element::bf16) == 1.0);
  CHECK(rounded(1.0 + 3 * 0x1p-8, Element::bf16) == 1.0 + 0x1p-6);
  CHECK(rounded(1.0 + 0x1p-11, Element::f16) == 1.0);
  CHECK(rounded(1.0 + 3 * 0x1p-11, Element::f16) == 1.0 + 0x1p-9);
  CHECK(rounded(0x1p-24 * 1.4, Element::f16) == 0x1p-24); // the least number
  CHECK(std::isinf(rounded(65520, Element::f16)));
  CHECK(std::isnan(rounded(std::nan(""), Element::f16)));
}

TEST_CASE("rounding: tf32 is what is multiplied, not what is stored; of two numbers it takes the one away from zero") {
  CHECK(multiplied(1.0 + 0x1p-11, Precision::tf32) == 1.0 + 0x1p-10);
  CHECK(multiplied(-1.0 - 0x1p-11, Precision::tf32) == -1.0 - 0x1p-10);
  CHECK(multiplied(1.0 + 0x1p-12, Precision::tf32) == 1.0);
  CHECK(multiplied(1.0 + 0x1p-12, Precision::f32) == 1.0 + 0x1p-12);
  CHECK(std::isinf(multiplied(std::numeric_limits<double>::infinity(), Precision::tf32)));
}

TEST_CASE("rounding: no number is off by more than the unit") {
  for (int i = 0; i < 4096; ++i) {
    double value = 1 + i * 0x1p-12;
    CHECK(std::abs(rounded(value, Element::bf16) - value) <= storedUnit(Precision::bf16) * value);
    CHECK(std::abs(rounded(value, Element::f16) - value) <= storedUnit(Precision::f16) * value);
    CHECK(std::abs(multiplied(value, Precision::tf32) - value) <= multipliedUnit(Precision::tf32) * value);
  }
  CHECK(storedUnit(Precision::tf32) == 0);
}

TEST_CASE("rounding: what is written is read") {
  for (Element element : {Element::f32, Element::f16, Element::bf16}) {
    uint8_t bytes[5];
    writeElement(element, bytes + 1, -2.75); // at any alignment
    CHECK(readElement(element, bytes + 1) == -2.75);
  }
}
