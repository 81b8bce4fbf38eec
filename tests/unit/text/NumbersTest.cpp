// Numbers and sizes as people read them.
#include "tools/text/Numbers.h"

#include <catch2/catch.hpp>

using namespace skip;

TEST_CASE("numbers get separators every three digits") {
  CHECK(tool::withSeparators(0) == "0");
  CHECK(tool::withSeparators(999) == "999");
  CHECK(tool::withSeparators(1000) == "1,000");
  CHECK(tool::withSeparators(11689512) == "11,689,512");
  CHECK(tool::withSeparators(-123456) == "-123,456");
}

TEST_CASE("sizes are shown without the batch") {
  CHECK(tool::sizeText({-1, 64, 56, 56}) == "64 x 56 x 56");
  CHECK(tool::sizeText({64}) == "64");
  CHECK(tool::sizeText({64, 3, 3, 3}) == "64 x 3 x 3 x 3");
  CHECK(tool::sizeText({-1}) == "1");
  CHECK(tool::sizeText({}) == "1");
}
