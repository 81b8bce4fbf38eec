// CIFAR-10 files and folders with labels.tsv, whole and broken.
#include "tests/unit/TemporaryFolder.h"
#include "tests/unit/data/Encode.h"
#include "tools/data/ClassNames.h"
#include "tools/data/Dataset.h"

#include <catch2/catch.hpp>

using namespace test;
using namespace skip::data;
using Catch::Contains;

static std::string cifarRecord(uint8_t label, uint8_t red, uint8_t green, uint8_t blue) {
  return std::string(1, static_cast<char>(label)) + std::string(1024, static_cast<char>(red)) +
         std::string(1024, static_cast<char>(green)) + std::string(1024, static_cast<char>(blue));
}

static std::string openError(const std::string &path) {
  std::string error;
  CHECK(openDataset(path, error) == nullptr);
  return error;
}

TEST_CASE("data set: CIFAR-10, as a folder or a file") {
  TemporaryFolder folder;
  std::string file = folder.write("cifar/test_batch.bin", cifarRecord(3, 1, 2, 3) + cifarRecord(9, 10, 20, 30)), error;
  for (const std::string &path : {file, folder.path("cifar")}) {
    std::unique_ptr<Dataset> set = openDataset(path, error);
    REQUIRE(set);
    REQUIRE(set->size() == 2);
    CHECK(set->label(0) == 3);
    CHECK(set->label(1) == 9);
    CHECK(set->name(1) == file + "[1]");
    std::optional<Picture> picture = set->picture(1, error);
    REQUIRE(picture);
    CHECK(picture->width == 32);
    CHECK(picture->height == 32);
    CHECK(picture->rgb.size() == 3072);
    CHECK(Bytes(picture->rgb.end() - 3, picture->rgb.end()) == Bytes{10, 20, 30});
  }
}

TEST_CASE("data set: files that are not CIFAR-10 are refused") {
  TemporaryFolder folder;
  std::string record = cifarRecord(3, 1, 2, 3);
  CHECK_THAT(openError(folder.write("short.bin", record.substr(1))), Contains("has 3072 bytes, expected a multiple of 3073"));
  CHECK_THAT(openError(folder.write("empty.bin", "")), Contains("has 0 bytes"));
  CHECK_THAT(openError(folder.write("label.bin", record + cifarRecord(10, 0, 0, 0))), Contains("record 1 has label 10"));
}

TEST_CASE("data set: a folder of pictures with their labels") {
  TemporaryFolder folder;
  Bytes png = encodePng(1, 1, {1, 2, 3});
  folder.write("set/sub/a.png", std::string(png.begin(), png.end()));
  folder.write("set/labels.tsv", "file\tclass\tname\r\nsub/a.png\t207\tdog\r\nmissing.png\t0\r\n\r\n");
  std::string error;
  std::unique_ptr<Dataset> set = openDataset(folder.path("set"), error);
  REQUIRE(set);
  REQUIRE(set->size() == 2);
  CHECK(set->label(0) == 207);
  CHECK(set->name(0) == folder.path("set/sub/a.png"));
  std::optional<Picture> picture = set->picture(0, error);
  REQUIRE(picture);
  CHECK(picture->rgb == Bytes{1, 2, 3});
  CHECK_FALSE(set->picture(1, error));
  CHECK_THAT(error, Contains("missing.png`: no such file or directory"));
}

TEST_CASE("data set: empty lines of a list are passed over, and its line ends may be those of Windows") {
  TemporaryFolder folder;
  folder.write("set/labels.tsv", "\xEF\xBB\xBF\r\n\t\r\nfile\tclass\r\n\r\na.png\t2\r\n  \r\n\nb.png\t3\r\n\r\n");
  std::string error;
  std::unique_ptr<Dataset> set = openDataset(folder.path("set"), error);
  REQUIRE(set);
  REQUIRE(set->size() == 2);
  CHECK(set->name(1) == folder.path("set/b.png"));
  CHECK(set->label(1) == 3);
  folder.write("set/labels.tsv", "a.png\t2\r\n\r\nb.png\r\n");
  CHECK_THAT(openError(folder.path("set")), Contains("labels.tsv:3: expected a picture's file name")); // of the file's lines
}

TEST_CASE("data set: bad lists give the line") {
  TemporaryFolder folder;
  auto listError = [&](const std::string &text) {
    folder.write("set/labels.tsv", text);
    return openError(folder.path("set"));
  };
  CHECK_THAT(listError("a.png\t1\nb.png 2\n"),
             Contains("labels.tsv:2: expected a picture's file name, a tab and its class index"));
  CHECK_THAT(listError("a.png\t-1\n"), Contains("labels.tsv:1:"));
  CHECK_THAT(listError("a.png\t4294967296\n"), Contains("labels.tsv:1:"));
  CHECK_THAT(listError("a.png\t1\nfile\tclass\n"), Contains("labels.tsv:2:")); // headings come first or not at all
  folder.write("set/a.png", "a picture");
  CHECK_THAT(listError("a.png\tcat\nb.png\t1\n"), Contains("labels.tsv:1:")); // no headings, for the picture is there
  CHECK_THAT(listError("\t1\n"), Contains("labels.tsv:1:"));
  CHECK_THAT(listError("file\tclass\n"), Contains("lists no pictures"));
  CHECK_THAT(listError(""), Contains("lists no pictures"));
  CHECK_THAT(listError(std::string("a\0b\t1", 5)), Contains("byte 1 is zero, expected a text file"));
}

TEST_CASE("data set: places that hold none are named") {
  TemporaryFolder folder;
  folder.write("other/readme.txt", "x");
  CHECK_THAT(openError(folder.path("other")), Contains("holds no data set: neither `test_batch.bin`"));
  CHECK_THAT(openError(folder.path("none")), Contains("no such file or directory"));
}

static std::vector<std::string> names(const std::string &text) {
  TemporaryFolder folder;
  std::string error;
  std::optional<std::vector<std::string>> read = readClassNames(folder.write("names.txt", text), error);
  return read ? *read : std::vector<std::string>{"error", error};
}

TEST_CASE("class names: one a line") {
  CHECK(names("cat\ndog, big\n") == std::vector<std::string>{"cat", "dog, big"});
  CHECK(names("\xEF\xBB\xBF"
              "cat\r\ndog") == std::vector<std::string>{"cat", "dog"});
}

TEST_CASE("class names: by index, in any order, the name last") {
  CHECK(names("1\tn02\tdog\n0\tn01\tcat\n") == std::vector<std::string>{"cat", "dog"});
}

TEST_CASE("class names: what is wrong is said with its line") {
  CHECK_THAT(names("")[1], Contains("is empty, expected class names"));
  CHECK_THAT(names("cat\n\ndog\n")[1], Contains("names.txt:2: the line is empty, expected the name of class 1"));
  CHECK_THAT(names("0\tcat\n2\tdog\n")[1], Contains("names.txt:2: the class index is `2`, expected a number from 0 to 1"));
  CHECK_THAT(names("0\tcat\n0\tdog\n")[1], Contains("names.txt:2: class 0 has a name already, `cat`"));
  CHECK_THAT(names("0\tcat\n1\t\n")[1], Contains("names.txt:2: class 1 has no name"));
  CHECK_THAT(names("0\tcat\n1\n")[1], Contains("names.txt:2: class 1 has no name"));
}
