// npy files written and read back, and lying headers.
#include "tests/unit/TemporaryFolder.h"
#include "tools/data/Npy.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace test;
using namespace skip::data;
using Catch::Contains;

/// A file of version 1 or 2 with this dictionary and these bytes.
static std::vector<uint8_t> npy(const std::string &header, const std::string &data, int version = 1) {
  std::string file = "\x93NUMPY";
  file += static_cast<char>(version);
  file += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
    file += static_cast<char>(header.size() >> (8 * i) & 0xFF);
  file += header;
  file += data;
  return {file.begin(), file.end()};
}

static std::string dictionary(const std::string &descr, const std::string &shape, const std::string &order = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

static std::string errorOf(const std::vector<uint8_t> &file) {
  std::string error;
  CHECK_FALSE(decodeNpy(file, "x.npy", error));
  return error;
}

static NpyArray decode(const std::vector<uint8_t> &file) {
  std::string error;
  std::optional<NpyArray> array = decodeNpy(file, "x.npy", error);
  INFO(error);
  REQUIRE(array);
  return *array;
}

TEST_CASE("npy: what was written is read, for any shape") {
  TemporaryFolder folder;
  std::string path = folder.path("a.npy"), error;
  for (const std::vector<int64_t> &shape :
       std::vector<std::vector<int64_t>>{{}, {1}, {5}, {2, 3}, {0}, {3, 0, 2}, {1, 3, 4, 5}}) {
    size_t count = 1;
    for (int64_t extent : shape)
      count *= static_cast<size_t>(extent);
    std::vector<float> values(count);
    for (size_t i = 0; i < count; ++i)
      values[i] = static_cast<float>(i) * 0.1f - 1.0f;
    if (count > 2)
      values[1] = std::numeric_limits<float>::infinity();
    REQUIRE(writeNpy(path, shape, values, error));
    std::optional<NpyArray> array = readNpy(path, error);
    REQUIRE(array);
    CHECK(array->shape == shape);
    CHECK(array->values == values);
    CHECK((std::filesystem::file_size(path) - 4 * count) % 64 == 0); // as NumPy aligns it
  }
}

TEST_CASE("npy: doubles and bytes become floats") {
  NpyArray array = decode(npy(dictionary("<f8", "(2,)"), std::string("\0\0\0\0\0\0\xF0\x3F\0\0\0\0\0\0\x04\xC0", 16)));
  CHECK(array.values == std::vector<float>{1.0f, -2.5f});
  array = decode(npy(dictionary("|u1", "(1, 3)"), std::string("\0\7\xFF", 3)));
  CHECK(array.shape == std::vector<int64_t>{1, 3});
  CHECK(array.values == std::vector<float>{0, 7, 255});
}

TEST_CASE("npy: versions, spacing and quotes differ") {
  std::string data("\0\0\x80\x3F", 4);
  CHECK(decode(npy(dictionary("<f4", "(1,)"), data, 2)).values == std::vector<float>{1});
  CHECK(decode(npy(dictionary("<f4", "(1,)"), data, 3)).values == std::vector<float>{1});
  CHECK(decode(npy("{\"shape\":(1,1,),\"descr\":\"<f4\",\"fortran_order\":False}", data)).shape == std::vector<int64_t>{1, 1});
  CHECK_THAT(errorOf(npy(dictionary("<f4", "(1,)"), data, 4)), Contains("its version is 4, expected 1 to 3"));
}

TEST_CASE("npy: types and orders that are not read say so") {
  std::string data(8, '\0');
  CHECK_THAT(errorOf(npy(dictionary(">f4", "(2,)"), data)),
             Contains("its element type is `>f4`, expected `<f4`, `<f8` or `|u1`"));
  CHECK_THAT(errorOf(npy(dictionary("<i8", "(1,)"), data)), Contains("`<i8`"));
  CHECK_THAT(errorOf(npy(dictionary("<f4", "(1, 2)", "True"), data)), Contains("Fortran order, expected C order"));
}

TEST_CASE("npy: lying shapes are noticed") {
  std::string data(8, '\0');
  CHECK_THAT(errorOf(npy(dictionary("<f4", "(3,)"), data)),
             Contains("its shape is [3] of 4 bytes each, but 8 bytes of values follow the header"));
  for (const char *shape : {"(1,)", "(4611686018427387906,)", "(9223372036854775807, 9223372036854775807)",
                            "(4294967296, 4294967296, 2)", "(0,)", "(0, 9223372036854775807)"})
    CHECK_THAT(errorOf(npy(dictionary("<f4", shape), data)), Contains("truncated or corrupt"));
  for (const char *shape : {"(-2,)", "(2", "2", "(a,)", "(,)", "(2 3)", "(99999999999999999999,)", "(1.5,)"})
    CHECK_THAT(errorOf(npy(dictionary("<f4", shape), data)), Contains("its header is not a dictionary"));
  std::string many = "(";
  for (int i = 0; i < 33; ++i)
    many += "1,";
  CHECK_THAT(errorOf(npy(dictionary("<f4", many + ")"), data)), Contains("its header is not a dictionary"));
}

TEST_CASE("npy: broken dictionaries are noticed") {
  for (const char *header :
       {"", "{", "{}", "[]", "{'descr': '<f4'}", "{'descr': '<f4", "{'descr' '<f4'}", "{'extra': 1}",
        "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr': '<f4' 'fortran_order': False 'shape': (1,)}"})
    CHECK_THAT(errorOf(npy(header, "abcd")), Contains("its header is not a dictionary"));
}

TEST_CASE("npy: every truncation is noticed") {
  for (int version : {1, 2}) {
    std::vector<uint8_t> file = npy(dictionary("<f4", "(2,)"), std::string(8, '\0'), version);
    decode(file);
    for (size_t length = 0; length < file.size(); ++length) {
      std::string error;
      CHECK_FALSE(decodeNpy(std::span(file).first(length), "x.npy", error));
      CHECK_THAT(error, Contains("cannot read the array `x.npy`: "));
    }
  }
}

TEST_CASE("npy: a shape that does not fit the values is not written") {
  TemporaryFolder folder;
  std::string error;
  std::vector<int64_t> shape{2, 2};
  std::vector<float> values(3);
  CHECK_FALSE(writeNpy(folder.path("a.npy"), shape, values, error));
  CHECK_THAT(error, Contains("its shape [2, 2] does not fit 3 values"));
  CHECK_FALSE(std::filesystem::exists(folder.path("a.npy")));
  CHECK_FALSE(writeNpy(folder.path("no/such/a.npy"), std::vector<int64_t>{3}, values, error));
  CHECK_THAT(error, Contains("cannot write `" + folder.path("no/such/a.npy") + "`: no such file or directory"));
}

TEST_CASE("shapes are shown in brackets") {
  CHECK(formatShape({}) == "[]");
  CHECK(formatShape(std::vector<int64_t>{1, 3, 224, 224}) == "[1, 3, 224, 224]");
}
