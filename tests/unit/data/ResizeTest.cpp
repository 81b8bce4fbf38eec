// Values by hand, from the definition in Resize.cpp.
#include "tools/data/Resize.h"

#include <catch2/catch.hpp>

using namespace skip::data;

/// One row of grey pixels.
static Picture row(std::vector<int> values) {
  Picture picture{static_cast<int>(values.size()), 1, {}};
  for (int value : values)
    picture.rgb.insert(picture.rgb.end(), 3, static_cast<uint8_t>(value));
  return picture;
}

static Picture column(std::vector<int> values) {
  Picture picture = row(std::move(values));
  std::swap(picture.width, picture.height);
  return picture;
}

/// The red values, in order.
static std::vector<int> reds(const std::optional<Picture> &picture) {
  REQUIRE(picture);
  std::vector<int> values;
  for (size_t i = 0; i < picture->rgb.size(); i += 3) {
    CHECK(picture->rgb[i] == picture->rgb[i + 1]);
    CHECK(picture->rgb[i] == picture->rgb[i + 2]);
    values.push_back(picture->rgb[i]);
  }
  return values;
}

TEST_CASE("resize: down is a weighted mean") {
  std::string error;
  CHECK(reds(resize(row({0, 70, 140, 210}), 2, 1, error)) == std::vector<int>{50, 160}); // weights 3, 3, 1 and 1, 3, 3
  CHECK(reds(resize(column({0, 70, 140, 210}), 1, 2, error)) == std::vector<int>{50, 160});
  CHECK(reds(resize(row({10, 20, 60}), 1, 1, error)) == std::vector<int>{29}); // weights 2, 3, 2: 200 / 7 = 28.6
}

TEST_CASE("resize: up is linear between centres") {
  std::string error;
  CHECK(reds(resize(row({0, 100}), 4, 1, error)) == std::vector<int>{0, 25, 75, 100});
  CHECK(reds(resize(column({0, 100}), 1, 4, error)) == std::vector<int>{0, 25, 75, 100});
  CHECK(reds(resize(row({9}), 3, 2, error)) == std::vector<int>(6, 9));
}

TEST_CASE("resize: the same size is the same picture, extremes stay") {
  std::string error;
  Picture picture{3, 2, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}};
  CHECK(resize(picture, 3, 2, error)->rgb == picture.rgb);
  CHECK(reds(resize(row(std::vector<int>(100, 255)), 7, 3, error)) == std::vector<int>(21, 255));
  CHECK(reds(resize(row(std::vector<int>(100, 0)), 7, 3, error)) == std::vector<int>(21, 0));
}

TEST_CASE("resize: colours stay apart") {
  std::string error;
  Picture picture{2, 1, {0, 10, 200, 100, 30, 0}};
  std::optional<Picture> wide = resize(picture, 4, 1, error);
  REQUIRE(wide);
  CHECK(wide->rgb == std::vector<uint8_t>{0, 10, 200, 25, 15, 150, 75, 25, 50, 100, 30, 0});
}

TEST_CASE("resize: the shorter side is set, the longer follows, cut down") {
  std::string error;
  auto size = [&](int width, int height, int side) {
    Picture picture{width, height, std::vector<uint8_t>(size_t{3} * static_cast<size_t>(width * height))};
    std::optional<Picture> resized = resizeShorterSide(picture, side, error);
    REQUIRE(resized);
    return std::pair(resized->width, resized->height);
  };
  CHECK(size(500, 375, 256) == std::pair(341, 256));
  CHECK(size(375, 500, 256) == std::pair(256, 341));
  CHECK(size(32, 32, 40) == std::pair(40, 40));
  CHECK(size(7, 3, 3) == std::pair(7, 3));
}

TEST_CASE("resize: sizes beyond the limits are errors") {
  std::string error;
  CHECK_FALSE(resize(row({1, 2}), 0, 1, error));
  CHECK_THAT(error, Catch::Contains("cannot resize a picture of 2 x 1 to 0 x 1: its size is 0 x 1"));
  CHECK_FALSE(resize(row({1, 2}), 20000, 1, error));
  CHECK_FALSE(resizeShorterSide(row(std::vector<int>(1000, 0)), 100, error)); // the longer side would be 100,000
  CHECK_THAT(error, Catch::Contains("100000 x 100"));
  CHECK_FALSE(resizeShorterSide(row({1, 2}), -3, error));
  CHECK_FALSE(resizeShorterSide(row({1, 2}), INT32_MAX, error));
}

TEST_CASE("crop: the middle, odd remainders halved to even") {
  auto crop = [](std::vector<int> values, int width) { return reds(centerCrop(row(std::move(values)), width, 1)); };
  CHECK(crop({1, 2, 3, 4}, 2) == std::vector<int>{2, 3});
  CHECK(crop({1, 2, 3, 4}, 3) == std::vector<int>{1, 2, 3}); // 1/2 goes to 0
  CHECK(crop({1, 2, 3, 4, 5}, 2) == std::vector<int>{3, 4}); // 3/2 goes to 2
  CHECK(crop({1, 2, 3, 4, 5, 6}, 1) == std::vector<int>{3}); // 5/2 goes to 2
  CHECK(crop({1, 2, 3}, 3) == std::vector<int>{1, 2, 3});
}

TEST_CASE("crop: what is too small stands in black") {
  CHECK(reds(centerCrop(row({8, 9}), 4, 1)) == std::vector<int>{0, 8, 9, 0});
  CHECK(reds(centerCrop(row({8, 9}), 5, 1)) == std::vector<int>{0, 8, 9, 0, 0});
  CHECK(reds(centerCrop(row({7, 8, 9}), 1, 3)) == std::vector<int>{0, 8, 0}); // narrower and taller at once
}

TEST_CASE("resize: of a tall picture the height first") {
  Picture tall{257, 1281, {}};
  for (int y = 0; y < tall.height; ++y)
    for (int x = 0; x < tall.width; ++x)
      tall.rgb.insert(tall.rgb.end(), {static_cast<uint8_t>(x * 7 + y * 3), static_cast<uint8_t>(x * x + y),
                                       static_cast<uint8_t>(y * y + 5 * x)});
  std::string error;
  std::optional<Picture> scaled = resizeShorterSide(tall, 256, error);
  REQUIRE(scaled);
  CHECK(scaled->width == 256);
  CHECK(scaled->height == 1276);
  uint64_t hash = 14695981039346656037u; // FNV-1a
  for (uint8_t byte : scaled->rgb)
    hash = (hash ^ byte) * 1099511628211u;
  CHECK(hash == 0x6ca9b9adaee8513du); // of what Pillow 13.0.0 gives
}
