// The JSON reader of safetensors headers.
#include "runtime/Json.h"

#include <catch2/catch.hpp>

using skip::runtime::Json;

/// Reads `text` as one string; what it is, or the problem.
static std::string readString(std::string text) {
  Json json(text.data(), text.data() + text.size());
  const char *value = nullptr;
  if (!json.string(value) || !json.atEnd())
    return std::string("problem: ") + (json.problem ? json.problem : "text behind it");
  return value;
}

/// The problem of `text` as a value, or empty.
static std::string problemOf(std::string text) {
  Json json(text.data(), text.data() + text.size());
  if (!json.skipValue())
    return json.problem;
  return json.atEnd() ? "" : "text behind it";
}

TEST_CASE("json: strings are decoded") {
  CHECK(readString(R"("conv1.weight")") == "conv1.weight");
  CHECK(readString(R"("")").empty());
  CHECK(readString(R"("\"\\\/\b\f\n\r\t")") == "\"\\/\b\f\n\r\t");
  CHECK(readString(R"("\u0041\u00e9\u20ac\ud83d\ude00")") == "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  CHECK(readString("\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"") == "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST_CASE("json: bad strings are refused") {
  const char *unterminated[] = {"\"", "\"a", "\"\\", "\"\\\""};
  for (const char *text : unterminated)
    CHECK(readString(text) == "problem: the string does not end");
  CHECK(readString("a") == "problem: expected a string");
  CHECK(readString("\"\n\"") == "problem: a control character in a string");
  CHECK(readString(R"("\x")") == "problem: unknown escape");
  CHECK(readString(std::string("\"\\\0\"", 4)) == "problem: unknown escape");
  CHECK(readString(R"("\u0000")") == "problem: `\\u0000` in a string");
  for (const char *text : {R"("\u12")", R"("\u12g4")", R"("\u)"})
    CHECK(readString(text) == "problem: `\\u` needs four hexadecimal digits");
  for (const char *text : {R"("\ud83d")", R"("\ude00")", R"("\ud83dxxxxxx")", R"("\ud83d\u0041")"})
    CHECK(readString(text) == "problem: half of a surrogate pair");
}

TEST_CASE("json: text that is not UTF-8 is refused") {
  const char *bad[] = {"\"\x80\"",
                       "\"\xC0\x80\"",
                       "\"\xC3\"",
                       "\"\xE0\x80\x80\"",
                       "\"\xED\xA0\x80\"",
                       "\"\xF0\x80\x80\x80\"",
                       "\"\xF4\x90\x80\x80\"",
                       "\"\xFF\"",
                       "\"\xE2\x82"};
  for (const char *text : bad)
    CHECK(readString(text) == "problem: the text is not UTF-8");
}

TEST_CASE("json: integers") {
  auto read = [](std::string text) -> std::string {
    Json json(text.data(), text.data() + text.size());
    int64_t value = -1;
    return json.integer(value) ? std::to_string(value) : json.problem;
  };
  CHECK(read("0") == "0");
  CHECK(read(" 9223372036854775807 ") == "9223372036854775807");
  CHECK(read("9223372036854775808") == "a number above 2^63 - 1");
  CHECK(read("99999999999999999999999") == "a number above 2^63 - 1");
  CHECK(read("01") == "a number with a leading zero");
  for (const char *text : {"-1", "1.0", "1e3", "", "x"})
    CHECK(read(text) == "expected a non-negative integer");
}

TEST_CASE("json: any value can be passed over") {
  for (const char *text : {"null", "true", "false", "0", "-0.5e+10", "1E-2", "[]", "{}", " [1, \"a\", {\"b\": [null]}] ",
                           "{\"a\": {}, \"b\": [[], 3]}"})
    CHECK(problemOf(text).empty());
  CHECK(problemOf("") == "expected a value");
  CHECK(problemOf("nul") == "expected a value");
  CHECK(problemOf("[1,]") == "expected a value");
  CHECK(problemOf("[1 2]") == "expected `,` or `]`");
  CHECK(problemOf("{\"a\" 1}") == "expected `:`");
  CHECK(problemOf("{1: 2}") == "expected a string");
  CHECK(problemOf("{\"a\": 1") == "expected `,` or `}`");
  for (const char *text : {"-", "1.", "1.e3", "1e", "1e+", "-a"})
    CHECK(problemOf(text) == "a malformed number");
  CHECK(problemOf("-01") == "a number with a leading zero");
}

TEST_CASE("json: depth is limited") {
  auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(problemOf(nested(33)).empty());
  CHECK(problemOf(nested(34)) == "nested more than 32 levels deep");
  CHECK(problemOf(std::string(1'000'000, '[')) == "nested more than 32 levels deep");
}
