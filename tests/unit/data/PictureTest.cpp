// JPEG and PNG of every kind, and files that are neither.
#include "tests/unit/TemporaryFolder.h"
#include "tests/unit/data/Encode.h"
#include "tools/data/Normalize.h"
#include "tools/data/Picture.h"

#include <catch2/catch.hpp>

using namespace test;
using namespace skip::data;
using Catch::Contains;

/// The decoded picture, which there must be.
static Picture decode(const Bytes &bytes) {
  std::string error;
  std::optional<Picture> picture = decodePicture(bytes, "x", error);
  INFO(error);
  REQUIRE(picture);
  return *picture;
}

static std::string errorOf(const Bytes &bytes) {
  std::string error;
  CHECK_FALSE(decodePicture(bytes, "x", error));
  return error;
}

/// A smooth picture: `channels` ramps.
static Bytes ramps(int width, int height, int channels) {
  Bytes samples;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c)
        samples.push_back(static_cast<uint8_t>(40 + 60 * c + 3 * (c == 1 ? y : x)));
  return samples;
}

static int largestDifference(const Bytes &a, const Bytes &b) {
  REQUIRE(a.size() == b.size());
  int largest = 0;
  for (size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

TEST_CASE("png: RGB comes back as it is, interlaced or not") {
  Bytes rgb = ramps(13, 7, 3);
  for (bool interlaced : {false, true}) {
    Picture picture = decode(encodePng(13, 7, rgb, {.interlaced = interlaced}));
    CHECK(picture.width == 13);
    CHECK(picture.height == 7);
    CHECK(picture.rgb == rgb);
  }
}

TEST_CASE("png: grey of any depth becomes RGB") {
  CHECK(decode(encodePng(2, 1, {10, 200}, {.colorType = 0})).rgb == Bytes{10, 10, 10, 200, 200, 200});
  CHECK(decode(encodePng(3, 1, {0b10100000}, {.colorType = 0, .depth = 1})).rgb ==
        Bytes{255, 255, 255, 0, 0, 0, 255, 255, 255});
  CHECK(decode(encodePng(2, 1, {0b01100000}, {.colorType = 0, .depth = 2})).rgb == Bytes{85, 85, 85, 170, 170, 170});
}

TEST_CASE("png: alpha is dropped, colours under it stay") {
  CHECK(decode(encodePng(2, 1, {1, 2, 3, 0, 4, 5, 6, 128}, {.colorType = 6})).rgb == Bytes{1, 2, 3, 4, 5, 6});
  CHECK(decode(encodePng(2, 1, {7, 0, 9, 255}, {.colorType = 4})).rgb == Bytes{7, 7, 7, 9, 9, 9});
}

TEST_CASE("png: of 16 bits the upper 8 stay") {
  CHECK(decode(encodePng(1, 1, {0x12, 0xFF, 0x34, 0x00, 0xFF, 0x80}, {.depth = 16})).rgb == Bytes{0x12, 0x34, 0xFF});
  CHECK(decode(encodePng(1, 1, {0x7F, 0xFF}, {.colorType = 0, .depth = 16})).rgb == Bytes{0x7F, 0x7F, 0x7F});
}

TEST_CASE("png: a palette is looked up") {
  PngKind kind{.colorType = 3, .depth = 2, .palette = {1, 2, 3, 40, 50, 60, 7, 8, 9}};
  CHECK(decode(encodePng(3, 1, {0b01100000}, kind)).rgb == Bytes{40, 50, 60, 7, 8, 9, 1, 2, 3});
}

TEST_CASE("jpeg: smooth pictures come back nearly as they are") {
  Bytes rgb = ramps(19, 11, 3);
  CHECK(largestDifference(decode(encodeJpeg(19, 11, rgb)).rgb, rgb) <= 3);
  CHECK(largestDifference(decode(encodeJpeg(19, 11, rgb, {.progressive = true})).rgb, rgb) <= 3);
  CHECK(largestDifference(decode(encodeJpeg(19, 11, rgb, {.subsampled = true})).rgb, rgb) <= 12);
}

TEST_CASE("jpeg: grey becomes RGB") {
  Picture picture = decode(encodeJpeg(9, 5, Bytes(45, 77), {.channels = 1}));
  CHECK(picture.rgb == Bytes(135, 77));
}

TEST_CASE("jpeg: four inks become light") {
  bool marked = GENERATE(true, false);
  auto flat = [&](uint8_t c, uint8_t m, uint8_t y, uint8_t k) { // as Adobe's, with its marker or without: 255 is no ink
    Bytes inks;
    for (int i = 0; i < 64; ++i)
      inks.insert(inks.end(), {c, m, y, k});
    return decode(encodeJpeg(8, 8, inks, {.channels = 4, .adobeMarker = marked})).rgb;
  };
  CHECK(flat(255, 255, 255, 255) == Bytes(192, 255));
  CHECK(flat(255, 255, 255, 0) == Bytes(192, 0));
  Bytes cyan = flat(0, 255, 255, 255);
  CHECK(Bytes(cyan.begin(), cyan.begin() + 3) == Bytes{0, 255, 255});
  Bytes dim = flat(255, 255, 255, 100);
  CHECK(Bytes(dim.begin(), dim.begin() + 3) == Bytes{100, 100, 100});
}

TEST_CASE("pictures: every truncation is noticed") {
  Bytes rgb = ramps(10, 10, 3);
  Bytes baseline = encodeJpeg(10, 10, rgb);
  for (const Bytes &file : {encodePng(10, 10, rgb), Bytes(baseline.begin(), baseline.end() - 2),
                            encodeJpeg(10, 10, rgb, {.progressive = true}), encodePng(10, 10, rgb, {.interlaced = true})}) {
    decode(file);
    for (size_t length = 0; length < file.size(); ++length) {
      CAPTURE(length, file.size(), int{file[0]});
      std::string error;
      CHECK_FALSE(decodePicture(std::span(file).first(length), "x", error));
      CHECK_THAT(error, Contains("cannot read the picture `x`: "));
    }
  }
}

TEST_CASE("jpeg: without its end marker all of a picture is there") {
  for (int size = 1; size < 40; ++size)
    for (bool subsampled : {false, true}) {
      Bytes file = encodeJpeg(size, 41 - size, ramps(size, 41 - size, 3), {.subsampled = subsampled});
      CAPTURE(size, subsampled);
      Bytes whole = decode(file).rgb;
      for (int cut : {1, 2})
        CHECK(decode(Bytes(file.begin(), file.end() - cut)).rgb == whole);
      CHECK_THAT(errorOf(Bytes(file.begin(), file.end() - 3)), Contains("it is truncated or corrupt"));
    }
}

TEST_CASE("pictures: a damaged byte gives a picture or an error, nothing else") {
  Bytes rgb = ramps(6, 6, 3);
  for (Bytes file : {encodePng(6, 6, rgb), encodeJpeg(6, 6, rgb)})
    for (uint8_t &byte : file)
      for (uint8_t flip : {0x01, 0x80, 0xFF}) {
        byte ^= flip;
        std::string error;
        std::optional<Picture> picture = decodePicture(file, "x", error);
        CHECK(picture.has_value() == error.empty());
        if (picture)
          CHECK(picture->rgb.size() == size_t{3} * static_cast<size_t>(picture->width) * static_cast<size_t>(picture->height));
        byte ^= flip;
      }
}

TEST_CASE("pictures: headers that promise too much are refused before memory is asked for") {
  CHECK_THAT(errorOf(pngHeaderOnly(16384, 16384)), Contains("16384 x 16384 pixels, too many for a file of"));
  CHECK_THAT(errorOf(pngHeaderOnly(16385, 1)), Contains("its size is 16385 x 1, expected 1 to 16384 on a side"));
  CHECK_THAT(errorOf(pngHeaderOnly(1, 1'000'000)), Contains("its size is 1 x 1000000"));
  Bytes jpeg = encodeJpeg(8, 8, ramps(8, 8, 3));
  size_t frame = 0; // FF C0, length, precision, height, width
  while (jpeg[frame] != 0xFF || jpeg[frame + 1] != 0xC0)
    ++frame;
  jpeg[frame + 5] = jpeg[frame + 7] = 0x40;
  jpeg[frame + 6] = jpeg[frame + 8] = 0x00;
  CHECK_THAT(errorOf(jpeg), Contains("16384 x 16384 pixels, too many for a file of"));
  jpeg[frame + 5] = 0xFF;
  CHECK_THAT(errorOf(jpeg), Contains("its size is 16384 x 65280"));
}

TEST_CASE("pictures: what is neither JPEG nor PNG is named") {
  CHECK_THAT(errorOf({}), Contains("not a JPEG or PNG: the file is empty"));
  CHECK_THAT(errorOf({'G', 'I', 'F', '8', '9', 'a'}), Contains("it starts with the bytes 47 49 46 38 39 61; convert"));
}

TEST_CASE("pictures: files are read by their path") {
  TemporaryFolder folder;
  Bytes png = encodePng(1, 1, {1, 2, 3});
  std::string error, path = folder.write("a.jpg", std::string(png.begin(), png.end())); // told apart by content
  std::optional<Picture> picture = readPicture(path, error);
  REQUIRE(picture);
  CHECK(picture->rgb == Bytes{1, 2, 3});
  CHECK_FALSE(readPicture(folder.path("none.png"), error));
  CHECK_THAT(error, Contains("cannot read `" + folder.path("none.png") + "`: no such file or directory; check the path"));
  CHECK_FALSE(readPicture(folder.path(""), error));
  CHECK_THAT(error, Contains("it is a folder, expected a file"));
}

TEST_CASE("pictures become planes of normalised floats") {
  Picture picture{2, 1, {0, 51, 102, 255, 204, 153}};
  float mean[] = {0.5f, 0.0f, 1.0f}, std[] = {0.5f, 1.0f, 2.0f}, out[6];
  toNchwFloat(picture, mean, std, out);
  for (int c = 0; c < 3; ++c)
    for (int x = 0; x < 2; ++x)
      CHECK(out[c * 2 + x] == (static_cast<float>(picture.rgb[x * 3 + c]) / 255.0f - mean[c]) / std[c]);
}
