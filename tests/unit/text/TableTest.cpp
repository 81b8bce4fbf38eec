// Aligned columns of text.
#include "tools/text/Table.h"

#include <catch2/catch.hpp>

using namespace skip;

TEST_CASE("a last column that wraps goes on below itself") {
  tool::Table table({{"name"}, {"only wide", tool::Table::Align::left, true}, {"why", tool::Table::Align::left, false, true}});
  table.add({"a", "x", "one two three four"});
  table.add({"b", "y", "abcdefghijklmnopqrst"});
  std::string text;
  llvm::raw_string_ostream os(text);
  table.print(os, 20);
  CHECK(text == "name  why\n"
                "a     one two three\n"
                "      four\n"
                "b     abcdefghijk...\n");
}

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
