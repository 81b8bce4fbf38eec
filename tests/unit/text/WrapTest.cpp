// Long lines, broken at blanks.
#include "tools/text/Wrap.h"

#include <catch2/catch.hpp>

using namespace skip;

TEST_CASE("what fits stays as it is") {
  for (const char *text : {"", "\n", "a b", "a b\nc d\n", "  --flag   does it\n  --other  does that\n", "one  two\n\n\nthree"})
    CHECK(tool::wrapped(text, 20) == text);
}

TEST_CASE("an option's text goes on below itself") {
  CHECK(tool::wrapped("  -a  one two three four\n  -b  five\n", 16) == "  -a  one two\n      three four\n  -b  five\n");
  CHECK(tool::wrapped("  --long-option\n      one two three four", 16) == "  --long-option\n      one two\n      three four");
}

TEST_CASE("a paragraph with a long line is filled anew, others are not") {
  CHECK(tool::wrapped("one two three four\nfive six\n\nseven\neight", 10) == "one two\nthree four\nfive six\n\nseven\neight");
  CHECK(tool::wrapped("  a  one two three\n     four five\n  b  six", 12) ==
        "  a  one two\n     three\n     four\n     five\n  b  six");
}

TEST_CASE("a command line may still be copied") {
  CHECK(tool::wrapped("  skipc build x -o out\n  skipc y", 18) == "  skipc build x \\\n      -o out\n  skipc y");
}

TEST_CASE("a word that fits no line stays whole") {
  CHECK(tool::wrapped("abcdefghijkl mn op", 5) == "abcdefghijkl\nmn op");
  CHECK(tool::wrapped("abcdefghijkl", 5) == "abcdefghijkl");
  CHECK(tool::wrapped("    abcdefghijkl m", 6) == "    abcdefghijkl\n    m");
}

TEST_CASE("what stands in backticks is not broken, if that can be") {
  CHECK(tool::wrapped("one two `three four` five", 16) == "one two\n`three four`\nfive");
  CHECK(tool::wrapped("`one two three`", 8) == "`one two\nthree`");
}

TEST_CASE("one is no plural") {
  CHECK(tool::counted(1, "thread") == "1 thread");
  CHECK(tool::counted(0, "thread") == "0 threads");
  CHECK(tool::counted(2, "problem") == "2 problems");
}
