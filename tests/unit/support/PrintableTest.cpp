// What may be shown on a terminal, and what is escaped.
#include "support/Printable.h"

#include <catch2/catch.hpp>

using namespace skip;
using namespace std::string_literals;

TEST_CASE("printable: text stays as it is, in any language") {
  for (const char *text : {"", "a `b` \\ ~", "Kühlschrank", "\u00a0\u03b1\u6f22\u5b57", "\xf0\x9f\x90\xb1", "\xf4\x8f\xbf\xbf"})
    CHECK(printable(text) == text);
}

TEST_CASE("printable: control characters are escaped") {
  CHECK(printable("a\x1b[31mb") == "a\\x1b[31mb");
  CHECK(printable("\a\b\t\r\n\x7f\0"s) == "\\x07\\x08\\x09\\x0d\\x0a\\x7f\\x00");
  CHECK(printable("\xc2\x80\xc2\x9b\xc2\x9f") == "\\xc2\\x80\\xc2\\x9b\\xc2\\x9f");
  CHECK(printable("\u202e\u2066\u200f\u2028") == "\\xe2\\x80\\xae\\xe2\\x81\\xa6\\xe2\\x80\\x8f\\xe2\\x80\\xa8");
}

TEST_CASE("printable: what is not UTF-8 is escaped byte by byte") {
  CHECK(printable("a\x9b\xff") == "a\\x9b\\xff");
  CHECK(printable("\xc3") == "\\xc3");                                     // cut
  CHECK(printable("\xe6\xbc!") == "\\xe6\\xbc!");                          // cut
  CHECK(printable("\xc1\x81\xe0\x80\x81") == "\\xc1\\x81\\xe0\\x80\\x81"); // overlong
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");                   // a surrogate
  CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");          // above U+10FFFF
}

TEST_CASE("printable: the lines of a text stay lines") {
  CHECK(printableLines("a\n  b\x1b\n") == "a\n  b\\x1b\n");
  CHECK(printableLines("a\r\n") == "a\\x0d\n");
}

TEST_CASE("printable: an escaped text stays as it is") {
  std::string once = printable("\x1b\xff\\");
  CHECK(printable(once) == once);
}
