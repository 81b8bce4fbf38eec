// Safetensors files, whole, truncated and lying.
#include "runtime/Safetensors.h"
#include "tests/unit/runtime/Checkpoint.h"
#include "tests/unit/runtime/ErrorText.h"

#include <cstring>
#include <memory>

using namespace test;
using namespace skip::runtime;

/// Parses from memory of exactly the file's size, so that a sanitizer sees any read beyond it.
static skip_status parse(const std::string &file, Safetensors &tensors) {
  static std::unique_ptr<char[]> exact; // outlives the call, as `tensors` wants
  exact.reset(new char[file.size()]);
  std::memcpy(exact.get(), file.data(), file.size());
  return tensors.parse(exact.get(), file.size(), "x.safetensors");
}

static skip_status parse(const std::string &file) {
  Safetensors tensors;
  return parse(file, tensors);
}

TEST_CASE("a safetensors file is read, whatever the order in it") {
  Safetensors tensors;
  REQUIRE(parse(safetensors({f32("b", {2, 1}, {1, 2}), f16("a", {3}, {1, 2, 3}), counter("c"), f32("empty", {0, 7}, {})}),
                tensors) == SKIP_OK);
  REQUIRE(tensors.count() == 4);
  CHECK(std::string(tensors[0].name) == "a");
  CHECK(tensors[0].type == ElementType::F16);
  ptrdiff_t b = tensors.find("b");
  REQUIRE(b == 1);
  CHECK(tensors[1].rank == 2);
  CHECK(tensors[1].dims[0] == 2);
  CHECK(tensors[1].elements == 2);
  CHECK(std::memcmp(tensors[1].data, "\0\0\x80\x3F\0\0\0\x40", 8) == 0);
  CHECK(tensors[2].rank == 0);
  CHECK(tensors[2].type == ElementType::Other);
  CHECK(std::string(tensors[2].typeName) == "I64");
  CHECK(tensors[3].elements == 0);
  CHECK(tensors.find("nothing") == -1);
  CHECK(tensors.find("") == -1);
}

TEST_CASE("a file without tensors, with metadata, or with blanks behind the header is fine") {
  CHECK(parse(rawFile("{}")) == SKIP_OK);
  CHECK(parse(rawFile("{\"__metadata__\":{\"format\":\"pt\",\"x\":[1,null]}}    ")) == SKIP_OK);
}

TEST_CASE("many tensors are found") {
  std::vector<TensorBytes> many;
  for (int i = 0; i < 1000; ++i)
    many.push_back(f32("layer" + std::to_string(i * 7919 % 1000), {1}, {static_cast<float>(i * 7919 % 1000)}));
  Safetensors tensors;
  REQUIRE(parse(safetensors(many), tensors) == SKIP_OK);
  for (int i = 0; i < 1000; ++i) {
    ptrdiff_t at = tensors.find(("layer" + std::to_string(i)).c_str());
    REQUIRE(at >= 0);
    float value;
    std::memcpy(&value, tensors[static_cast<size_t>(at)].data, 4);
    CHECK(value == static_cast<float>(i));
  }
}

TEST_CASE("files that are no safetensors are told apart") {
  CHECK_FAILS(parse(""), SKIP_BAD_WEIGHTS, "`x.safetensors` is not a safetensors file: it has 0 bytes");
  CHECK_FAILS(parse("123456789"), SKIP_BAD_WEIGHTS, "it has 9 bytes");
  CHECK_FAILS(parse(std::string("PK\3\4") + std::string(60, '\0')), SKIP_BAD_WEIGHTS,
              "PyTorch's own files are read by skipc's `--weights`, not by compiled libraries");
  CHECK_FAILS(parse(rawFile("[]")), SKIP_BAD_WEIGHTS, "not a safetensors file");
  std::string lies = rawFile("{}");
  lies[7] = '\x7F'; // a header of 2^62 bytes
  CHECK_FAILS(parse(lies), SKIP_BAD_WEIGHTS, "announce a header of 9151314442816847874 bytes");
}

TEST_CASE("every truncation of a file is noticed") {
  std::string file = safetensors({f32("a", {2}, {1, 2}), f32("b", {1}, {3})});
  for (size_t length = 0; length < file.size(); ++length)
    CHECK(parse(file.substr(0, length)) == SKIP_BAD_WEIGHTS);
}

TEST_CASE("lying headers are noticed") {
  auto header = [](const std::string &fields) { return rawFile("{\"a\":{" + fields + "}}", std::string(8, '\0')); };
  auto offsets = [&](const std::string &pair) { return header("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":" + pair); };
  auto shape = [&](const std::string &dims) {
    return header("\"dtype\":\"F32\",\"shape\":" + dims + ",\"data_offsets\":[0,8]");
  };
  REQUIRE(parse(offsets("[0,8]")) == SKIP_OK);
  CHECK_FAILS(parse(offsets("[0,9]")), SKIP_BAD_WEIGHTS, "(tensor `a`): `data_offsets` beyond the end of the file");
  CHECK_FAILS(parse(offsets("[8,0]")), SKIP_BAD_WEIGHTS, "end before they begin");
  CHECK_FAILS(parse(offsets("[0,4]")), SKIP_BAD_WEIGHTS, "do not span what shape and dtype take");
  CHECK_FAILS(parse(offsets("[0,9223372036854775807]")), SKIP_BAD_WEIGHTS, "beyond the end of the file");
  CHECK_FAILS(parse(offsets("[9223372036854775800,8]")), SKIP_BAD_WEIGHTS, "end before they begin");
  CHECK_FAILS(parse(offsets("[-8,0]")), SKIP_BAD_WEIGHTS, "expected a non-negative integer");
  CHECK_FAILS(parse(offsets("[0,8,8]")), SKIP_BAD_WEIGHTS, "expected `,` or `]`");
  CHECK_FAILS(parse(shape("[3]")), SKIP_BAD_WEIGHTS, "do not span");
  CHECK_FAILS(parse(shape("[9223372036854775807,3]")), SKIP_BAD_WEIGHTS, "more than 2^63 - 1 elements");
  CHECK_FAILS(parse(shape("[4611686018427387906]")), SKIP_BAD_WEIGHTS, "do not span"); // 4 times it is 8, modulo 2^64
  CHECK_FAILS(parse(shape("[1,1,1,1,1,1,1,1,2]")), SKIP_BAD_WEIGHTS, "more than 8 dimensions");
  CHECK_FAILS(parse(header("\"dtype\":\"F33\"")), SKIP_BAD_WEIGHTS, "an unknown dtype");
  CHECK_FAILS(parse(header("\"dtype\":\"F32\",\"shape\":[2]")), SKIP_BAD_WEIGHTS, "without dtype, shape or data_offsets");
  CHECK_FAILS(parse(header("")), SKIP_BAD_WEIGHTS, "without dtype");
  CHECK_FAILS(parse(header("\"dtype\":\"F32\",\"dtype\":\"F32\"")), SKIP_BAD_WEIGHTS, "given twice");
  CHECK_FAILS(parse(header("\"color\":1")), SKIP_BAD_WEIGHTS, "none of dtype, shape and data_offsets");
  CHECK_FAILS(parse(rawFile("{\"a\":3}")), SKIP_BAD_WEIGHTS, "expected `{`");
  CHECK_FAILS(parse(rawFile("{}{}")), SKIP_BAD_WEIGHTS, "text after the header's object");
  CHECK_FAILS(parse(rawFile("{\"a\"")), SKIP_BAD_WEIGHTS, "is broken at byte 12: expected `:`");
}

TEST_CASE("each type of the format is known by its size") {
  for (auto [type, bytes] : {std::pair("F64", 8),
                             {"I64", 8},
                             {"U64", 8},
                             {"C64", 8},
                             {"F32", 4},
                             {"I32", 4},
                             {"U32", 4},
                             {"F16", 2},
                             {"BF16", 2},
                             {"I16", 2},
                             {"U16", 2},
                             {"I8", 1},
                             {"U8", 1},
                             {"BOOL", 1},
                             {"F8_E4M3", 1},
                             {"F8_E5M2", 1},
                             {"F8_E8M0", 1},
                             {"F8_E4M3FNUZ", 1},
                             {"F8_E5M2FNUZ", 1}}) {
    INFO(type);
    std::string size = std::to_string(4 * bytes);
    CHECK(parse(rawFile(std::string("{\"a\":{\"dtype\":\"") + type + "\",\"shape\":[4],\"data_offsets\":[0," + size + "]}}",
                        std::string(static_cast<size_t>(4 * bytes), 'x'))) == SKIP_OK);
  }
}

TEST_CASE("sub-byte types must fill whole bytes") {
  auto file = [](const std::string &dims) {
    return rawFile("{\"a\":{\"dtype\":\"F4\",\"shape\":" + dims + ",\"data_offsets\":[0,1]}}", "x");
  };
  CHECK(parse(file("[2]")) == SKIP_OK);
  CHECK_FAILS(parse(file("[3]")), SKIP_BAD_WEIGHTS, "do not span");
}

TEST_CASE("a name that is given twice is an error") {
  CHECK_FAILS(parse(safetensors({f32("a", {1}, {1}), f32("b", {1}, {1}), f32("a", {1}, {1})})), SKIP_BAD_WEIGHTS,
              "two tensors called `a`");
}

/// A file of F32 vectors, each at the bytes [begin, end) of a data section of `dataBytes`.
struct Place {
  const char *name;
  int begin, end;
};
static std::string placed(const std::vector<Place> &places, size_t dataBytes) {
  std::string header;
  for (const Place &place : places)
    header += (header.empty() ? "{" : ",") +
              headerEntry({place.name, "F32", {(place.end - place.begin) / 4}, std::string(place.end - place.begin, '\0')},
                          static_cast<size_t>(place.begin));
  return rawFile(header.empty() ? "{}" : header + "}", std::string(dataBytes, '\0'));
}

TEST_CASE("a name that is given twice for the same bytes is that error, not one of overlapping tensors") {
  CHECK_FAILS(parse(placed({{"a", 0, 4}, {"a", 0, 4}, {"b", 4, 8}}, 8)), SKIP_BAD_WEIGHTS, "two tensors called `a`");
}

TEST_CASE("tensors that overlap are an error that names both") {
  CHECK_FAILS(parse(placed({{"a", 0, 8}, {"b", 4, 12}}, 12)), SKIP_BAD_WEIGHTS,
              "tensors that overlap: `a` takes the bytes 0 to 8 of the data, `b` 4 to 12");
  CHECK_FAILS(parse(placed({{"b", 4, 8}, {"a", 0, 12}}, 12)), SKIP_BAD_WEIGHTS,
              "`a` takes the bytes 0 to 12 of the data, `b` 4 to 8");
  CHECK_FAILS(parse(placed({{"a", 0, 8}, {"twin", 0, 8}}, 8)), SKIP_BAD_WEIGHTS, "tensors that overlap");
  CHECK_FAILS(parse(placed({{"a", 0, 8}, {"empty", 4, 4}}, 8)), SKIP_BAD_WEIGHTS, "`empty` 4 to 4");
}

TEST_CASE("data that belong to no tensor are an error that names the bytes") {
  CHECK_FAILS(parse(placed({{"a", 4, 8}}, 8)), SKIP_BAD_WEIGHTS,
              "leaves the bytes 0 to 4 of the data, before `a`, to no tensor");
  CHECK_FAILS(parse(placed({{"a", 0, 4}, {"b", 12, 16}}, 16)), SKIP_BAD_WEIGHTS,
              "leaves the bytes 4 to 12 of the data, before `b`");
  CHECK_FAILS(parse(placed({{"a", 0, 4}}, 7)), SKIP_BAD_WEIGHTS,
              "leaves the bytes 4 to 7 of the data, behind `a`, to no tensor");
  CHECK_FAILS(parse(placed({}, 3)), SKIP_BAD_WEIGHTS, "leaves the bytes 0 to 3 of the data to no tensor");
}

TEST_CASE("empty tensors may stand before, between and behind the others") {
  CHECK(parse(placed({{"x", 0, 0}, {"a", 0, 4}, {"b", 4, 8}, {"y", 4, 4}, {"z", 8, 8}, {"w", 8, 8}}, 8)) == SKIP_OK);
  CHECK(parse(placed({{"x", 0, 0}}, 0)) == SKIP_OK);
}
