// Words of commands that people are told to run.
#include "tools/text/ShellWord.h"

#include <catch2/catch.hpp>

using namespace skip;

TEST_CASE("plain words stay, others are quoted for a shell") {
  CHECK(tool::shellWord("resnet18") == "resnet18");
  CHECK(tool::shellWord("-Ddepth=20,a/b.c:d@e%+") == "-Ddepth=20,a/b.c:d@e%+");
  CHECK(tool::shellWord("") == "''");
  CHECK(tool::shellWord("a b") == "'a b'");
  CHECK(tool::shellWord("$(x);`y`~") == "'$(x);`y`~'");
  CHECK(tool::shellWord("it's") == "'it'\\''s'");
  CHECK(tool::shellWord("a\nb\t'c\\") == "$'a\\nb\\t\\'c\\\\'");
  CHECK(tool::shellWord("\x1b[2J\xff\x01"
                        "7 ö") == "$'\\033[2J\\377\\0017 ö'");
}
