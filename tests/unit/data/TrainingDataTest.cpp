// Training sets on disk, whole and broken.
#include "tests/unit/TemporaryFolder.h"
#include "tests/unit/data/Encode.h"
#include "tools/data/TrainingData.h"

#include <catch2/catch.hpp>

using namespace test;
using namespace skip::data;
using Catch::Contains;

static std::string record(uint8_t label, char pixel = 1) {
  return std::string(1, static_cast<char>(label)) + std::string(3072, pixel);
}

static std::string png(uint8_t red) {
  Bytes bytes = encodePng(1, 1, {red, 2, 3});
  return {bytes.begin(), bytes.end()};
}

static std::string openError(const std::string &path) {
  std::string error;
  CHECK_FALSE(openTrainingData(path, error));
  return error;
}

static void writeCifar(const TemporaryFolder &folder) {
  for (int number = 1; number <= 5; ++number)
    folder.write("cifar/data_batch_" + std::to_string(number) + ".bin",
                 record(static_cast<uint8_t>(number), static_cast<char>(number)) + record(0, static_cast<char>(10 * number)));
}

TEST_CASE("training data: CIFAR-10's five files are one set, and its test file is there to validate on") {
  TemporaryFolder folder;
  writeCifar(folder);
  std::string error;
  std::optional<TrainingData> data = openTrainingData(folder.path("cifar"), error);
  REQUIRE(data);
  CHECK_FALSE(data->validation);
  CHECK(data->classes.empty());
  REQUIRE(data->training->size() == 10);
  for (size_t i = 0; i < 10; ++i) {
    CHECK(data->training->label(i) == (i % 2 ? 0 : i / 2 + 1));
    CHECK(data->training->name(i) ==
          folder.path("cifar/data_batch_" + std::to_string(i / 2 + 1) + ".bin") + "[" + std::to_string(i % 2) + "]");
    CHECK(data->training->picture(i, error)->rgb[100] == (i / 2 + 1) * (i % 2 ? 10 : 1));
  }
  folder.write("cifar/test_batch.bin", record(9));
  data = openTrainingData(folder.path("cifar"), error);
  REQUIRE((data && data->validation));
  CHECK(data->validation->label(0) == 9);
  data = openTrainingData(folder.path("cifar/data_batch_3.bin"), error);
  REQUIRE(data);
  CHECK(data->training->size() == 2);
}

TEST_CASE("training data: broken files of CIFAR-10") {
  TemporaryFolder folder;
  writeCifar(folder);
  folder.write("cifar/data_batch_4.bin", record(1) + "x");
  CHECK_THAT(openError(folder.path("cifar")), Contains("data_batch_4.bin` has 3074 bytes, expected a multiple of 3073"));
  folder.write("cifar/data_batch_4.bin", record(1) + record(11));
  CHECK_THAT(openError(folder.path("cifar")), Contains("data_batch_4.bin`: record 1 has label 11, expected 0 to 9"));
  std::filesystem::remove(folder.path("cifar/data_batch_4.bin"));
  CHECK_THAT(openError(folder.path("cifar")), Contains("lacks `data_batch_4.bin`"));
  CHECK_THAT(openError(folder.path("nothing")), Contains("nothing`: no such file or directory"));
  writeCifar(folder);
  folder.write("cifar/test_batch.bin", "");
  CHECK_THAT(openError(folder.path("cifar")), Contains("test_batch.bin` has 0 bytes"));
}

TEST_CASE("training data: a subfolder a class, and val beside train") {
  TemporaryFolder folder;
  folder.write("set/train/dog/b.PNG", png(2));
  folder.write("set/train/dog/a.png", png(1));
  folder.write("set/train/dog/notes.txt", "no picture");
  folder.write("set/train/cat/z.jpeg", png(3));
  folder.write("set/train/.hidden/z.png", png(3));
  folder.write("set/train/readme.txt", "no class");
  std::string error;
  for (const char *path : {"set", "set/train", "set/train/"}) {
    std::optional<TrainingData> data = openTrainingData(folder.path(path), error);
    INFO(error);
    REQUIRE(data);
    CHECK(data->classes == std::vector<std::string>{"cat", "dog"});
    REQUIRE(data->training->size() == 3);
    CHECK(data->training->label(0) == 0);
    CHECK(data->training->label(2) == 1);
    CHECK_THAT(data->training->name(1), Catch::EndsWith("dog/a.png"));
    CHECK_FALSE(data->validation);
  }
  folder.write("set/val/dog/v.png", png(9));
  std::optional<TrainingData> data = openTrainingData(folder.path("set/train"), error);
  REQUIRE((data && data->validation));
  CHECK(data->validation->size() == 1);
  CHECK(data->validation->label(0) == 1);
  folder.write("set/val/bird/v.png", png(9));
  CHECK_THAT(openError(folder.path("set")), Contains("val/bird` is no class of the training set"));
}

TEST_CASE("training data: a list of labels, for both parts") {
  TemporaryFolder folder;
  folder.write("set/train/labels.tsv", "a.png\t1\nb.png\t0\n");
  folder.write("set/val/labels.tsv", "c.png\t1\n");
  std::string error;
  std::optional<TrainingData> data = openTrainingData(folder.path("set"), error);
  REQUIRE((data && data->validation));
  CHECK(data->training->size() == 2);
  CHECK(data->classes.empty());
  CHECK_THAT(data->validation->name(0), Catch::EndsWith("val/c.png"));
}

TEST_CASE("training data: folders that are none") {
  TemporaryFolder folder;
  folder.write("empty/readme.txt", "");
  CHECK_THAT(openError(folder.path("empty")), Contains("two classes or more, found no subfolder"));
  folder.write("one/cat/a.png", png(1));
  CHECK_THAT(openError(folder.path("one")), Contains("found only `cat`"));
  folder.write("one/dog/a.gif", png(1));
  CHECK_THAT(openError(folder.path("one")), Contains("one/dog` of a class has no pictures"));
  folder.write("bare/train/cat/a.png", png(1));
  folder.write("bare/train/dog/a.png", png(1));
  folder.write("bare/val/readme.txt", "");
  CHECK_THAT(openError(folder.path("bare")), Contains("bare/val` holds no validation set"));
}

TEST_CASE("training data: names with control characters are escaped, and classes may have none") {
  TemporaryFolder folder;
  folder.write("set/train/a/1\n2.png", "no picture");
  folder.write("set/train/b/1.png", png(1));
  std::string error;
  std::optional<TrainingData> data = openTrainingData(folder.path("set"), error);
  REQUIRE(data);
  CHECK_FALSE(data->training->picture(0, error));
  CHECK_THAT(error, Contains("cannot read the picture `") && Contains("/a/1\\x0a2.png`: not a JPEG or PNG"));
  CHECK_FALSE(checkLabels(*data->training, 0, error));
  CHECK_THAT(error, Contains("/a/1\\x0a2.png` is of class 0"));
  folder.write("set/val/c\td/1.png", png(1));
  CHECK_THAT(openError(folder.path("set")),
             Contains("the name of the class folder `") && Contains("/set/val/c\\x09d` has a control character"));
  folder.write("set/train/c\nd/1.png", png(1));
  CHECK_THAT(
      openError(folder.path("set")),
      Contains("/set/train/c\\x0ad` has a control character, which the name of a class may not have; rename the folder"));
}

TEST_CASE("training data: labels that the model has not, and a set of one class") {
  TemporaryFolder folder;
  folder.write("set/labels.tsv", "a.png\t1\nb.png\t12\n");
  std::string error;
  std::optional<TrainingData> data = openTrainingData(folder.path("set"), error);
  REQUIRE(data);
  CHECK_FALSE(checkLabels(*data->training, 10, error));
  CHECK_THAT(error, Contains("b.png` is of class 12, and the model has classes 0 to 9"));
  error.clear();
  CHECK(checkLabels(*data->training, 13, error));
  CHECK(error.empty());
  folder.write("set/labels.tsv", "a.png\t1\nb.png\t1\n");
  CHECK_FALSE(checkLabels(*openTrainingData(folder.path("set"), error)->training, 10, error));
  CHECK_THAT(error, Contains("all 2 pictures are of class 1"));
}
