// Aligned columns of text.
#include "tools/text/Table.h"

#include <catch2/catch.hpp>

using namespace skip;

TEST_CASE("columns are as wide as their widest cell") {
  tool::Table table({{"name"}, {"count", tool::Table::Align::right}});
  table.add({"a", "1"});
  table.add({"longer", "1000000"});
  std::string text;
  llvm::raw_string_ostream os(text);
  table.print(os);
  CHECK(text == "name      count\n"
                "a             1\n"
                "longer  1000000\n");
}

TEST_CASE("numbers get separators every three digits") {
  CHECK(tool::withSeparators(0) == "0");
  CHECK(tool::withSeparators(999) == "999");
  CHECK(tool::withSeparators(1000) == "1,000");
  CHECK(tool::withSeparators(11689512) == "11,689,512");
  CHECK(tool::withSeparators(-123456) == "-123,456");
}

TEST_CASE("sizes are shown without the batch") { CHECK(tool::sizeText({-1, 64, 56, 56}) == "64 x 56 x 56"); }
