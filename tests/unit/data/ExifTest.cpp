// EXIF's orientation: read where it is sound, and turned as Pillow's `exif_transpose` does.
#include "tools/data/Exif.h"

#include "tests/unit/data/Encode.h"

#include <catch2/catch.hpp>

using namespace test;
using namespace skip::data;

static void append(Bytes &bytes, const Bytes &more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

/// `count` bytes of a number.
static Bytes numberOf(uint32_t value, size_t count, bool big) {
  Bytes bytes(count);
  for (size_t i = 0; i < count; ++i)
    bytes[big ? count - 1 - i : i] = static_cast<uint8_t>(value >> (8 * i));
  return bytes;
}

/// A directory of one other entry and the orientation.
static Bytes tiffOf(uint32_t orientation, bool big = true, uint32_t type = 3, uint32_t count = 1) {
  Bytes tiff = big ? Bytes{'M', 'M'} : Bytes{'I', 'I'};
  append(tiff, numberOf(42, 2, big));
  append(tiff, numberOf(8, 4, big));
  append(tiff, numberOf(2, 2, big));
  append(tiff, numberOf(0x010F, 2, big));
  append(tiff, Bytes(10));
  append(tiff, numberOf(0x0112, 2, big));
  append(tiff, numberOf(type, 2, big));
  append(tiff, numberOf(count, 4, big));
  append(tiff, numberOf(orientation, 2, big));
  append(tiff, Bytes(2));
  return tiff;
}

static Bytes segment(uint8_t marker, const Bytes &data) {
  Bytes bytes{0xFF, marker};
  append(bytes, numberOf(static_cast<uint32_t>(data.size() + 2), 2, true));
  append(bytes, data);
  return bytes;
}

/// A JPEG with EXIF behind its first two bytes.
static Bytes jpegWith(const Bytes &tiff, const Bytes &before = {}) {
  Bytes data{'E', 'x', 'i', 'f', 0, 0}, jpeg = encodeJpeg(4, 2, Bytes(24, 100));
  append(data, tiff);
  Bytes added = before;
  append(added, segment(0xE1, data));
  jpeg.insert(jpeg.begin() + 2, added.begin(), added.end());
  return jpeg;
}

static Bytes pngWith(const Bytes &tiff) {
  Bytes png = encodePng(4, 2, Bytes(24, 100)), chunk = numberOf(static_cast<uint32_t>(tiff.size()), 4, true);
  append(chunk, {'e', 'X', 'I', 'f'});
  append(chunk, tiff);
  append(chunk, Bytes(4)); // a checksum, which nobody reads here
  png.insert(png.begin() + 33, chunk.begin(), chunk.end());
  return png;
}

TEST_CASE("exif: the orientation of JPEG and PNG, in both byte orders") {
  for (uint32_t orientation = 1; orientation <= 8; ++orientation)
    for (bool big : {false, true}) {
      CHECK(exifOrientation(jpegWith(tiffOf(orientation, big))) == static_cast<int>(orientation));
      CHECK(exifOrientation(pngWith(tiffOf(orientation, big))) == static_cast<int>(orientation));
    }
  std::string error;
  CHECK(decodePicture(jpegWith(tiffOf(6)), "x", error)->orientation == 6);
}

TEST_CASE("exif: other segments and fill bytes stand before it") {
  Bytes before = segment(0xE0, Bytes(14));
  append(before, segment(0xE1, {'h', 't', 't', 'p', ':', 0}));
  append(before, {0xFF, 0xFF});
  CHECK(exifOrientation(jpegWith(tiffOf(3), before)) == 3);
}

TEST_CASE("exif: what is not sound is upright") {
  CHECK(exifOrientation({}) == 1);
  CHECK(exifOrientation(encodeJpeg(4, 2, Bytes(24, 100))) == 1);
  CHECK(exifOrientation(jpegWith(tiffOf(0))) == 1);
  CHECK(exifOrientation(jpegWith(tiffOf(9))) == 1);
  CHECK(exifOrientation(jpegWith(tiffOf(6, true, 4))) == 1);
  CHECK(exifOrientation(jpegWith(tiffOf(6, true, 3, 2))) == 1);
  Bytes order = tiffOf(6), offset = tiffOf(6), count = tiffOf(6);
  order[0] = 'X';
  offset[4] = 0xFF;
  count[8] = 0xFF;
  for (const Bytes &tiff : {order, offset, count, Bytes()})
    CHECK(exifOrientation(jpegWith(tiff)) == 1);
}

TEST_CASE("exif: no byte is read behind the end") {
  for (const Bytes &whole : {jpegWith(tiffOf(6)), pngWith(tiffOf(6))})
    for (size_t size = 0; size <= whole.size(); ++size) {
      Bytes part(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)); // a sanitizer sees its end
      int orientation = exifOrientation(part);
      CHECK((orientation == 1 || orientation == 6));
    }
}

/// Of a picture of 3 x 2 pixels that are numbered by rows: `123 456`.
static std::string turned(int orientation) {
  Picture picture{3, 2, {}, orientation};
  for (uint8_t pixel = 1; pixel <= 6; ++pixel)
    append(picture.rgb, {pixel, pixel, pixel});
  Picture up = upright(picture);
  CHECK(up.orientation == 1);
  std::string text;
  for (int y = 0; y < up.height; ++y) {
    for (int x = 0; x < up.width; ++x)
      text += static_cast<char>('0' + up.rgb[3 * static_cast<size_t>(y * up.width + x)]);
    text += ' ';
  }
  return text;
}

TEST_CASE("exif: pictures are turned as Pillow turns them") {
  CHECK(turned(1) == "123 456 ");
  CHECK(turned(2) == "321 654 ");
  CHECK(turned(3) == "654 321 ");
  CHECK(turned(4) == "456 123 ");
  CHECK(turned(5) == "14 25 36 ");
  CHECK(turned(6) == "41 52 63 ");
  CHECK(turned(7) == "63 52 41 ");
  CHECK(turned(8) == "36 25 14 ");
}
