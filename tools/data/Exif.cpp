// EXIF is a TIFF file without pixels: a byte order, and a directory of entries of 12 bytes, one of which is the orientation.
// All lengths are checked before what they are the length of is read.
#include "tools/data/Exif.h"

#include <algorithm>
#include <string_view>

namespace skip::data {

using Bytes = std::span<const uint8_t>;

static bool startsWith(Bytes bytes, std::string_view text) {
  return bytes.size() >= text.size() &&
         std::equal(text.begin(), text.end(), bytes.begin(), [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
}

/// The number in the first `count` bytes, which there are.
static uint32_t number(Bytes bytes, size_t count, bool bigEndian) {
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i)
    value = value << 8 | bytes[bigEndian ? i : count - 1 - i];
  return value;
}

/// Of the first directory, which is the picture's own; the second is a thumbnail's.
static int orientationOfTiff(Bytes tiff) {
  constexpr size_t headerBytes = 8, entryBytes = 12;
  constexpr uint32_t magic = 42, orientationTag = 0x0112, shortType = 3;
  bool big = startsWith(tiff, "MM");
  if (tiff.size() < headerBytes || (!big && !startsWith(tiff, "II")) || number(tiff.subspan(2), 2, big) != magic)
    return 1;
  size_t offset = number(tiff.subspan(4), 4, big);
  if (offset > tiff.size() || tiff.size() - offset < 2)
    return 1;
  size_t count = number(tiff.subspan(offset), 2, big);
  Bytes entries = tiff.subspan(offset + 2);
  if (entries.size() / entryBytes < count)
    return 1;
  for (size_t i = 0; i < count; ++i) {
    Bytes entry = entries.subspan(i * entryBytes, entryBytes);
    if (number(entry, 2, big) != orientationTag)
      continue;
    uint32_t value = number(entry.subspan(8), 2, big);
    bool isSound = number(entry.subspan(2), 2, big) == shortType && number(entry.subspan(4), 4, big) == 1;
    return isSound && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

/// Segments are 0xFF, a marker, a length that counts itself, and data; before the pixels there are no others.
static int orientationOfJpeg(Bytes file) {
  constexpr uint8_t app1 = 0xE1, scan = 0xDA;
  constexpr std::string_view exif("Exif\0\0", 6);
  for (Bytes rest = file.subspan(2); rest.size() >= 4 && rest[0] == 0xFF;) {
    if (rest[1] == 0xFF) { // fill bytes may stand before a marker
      rest = rest.subspan(1);
      continue;
    }
    size_t length = number(rest.subspan(2), 2, /*bigEndian=*/true);
    if (rest[1] == scan || length < 2 || length > rest.size() - 2)
      return 1;
    Bytes data = rest.subspan(4, length - 2);
    if (rest[1] == app1 && startsWith(data, exif))
      return orientationOfTiff(data.subspan(exif.size()));
    rest = rest.subspan(2 + length);
  }
  return 1;
}

/// Chunks are a length, a type, data and a checksum.
static int orientationOfPng(Bytes file) {
  for (Bytes rest = file.subspan(8); rest.size() >= 12;) {
    size_t length = number(rest, 4, /*bigEndian=*/true);
    if (length > rest.size() - 12)
      return 1;
    if (startsWith(rest.subspan(4), "eXIf"))
      return orientationOfTiff(rest.subspan(8, length));
    rest = rest.subspan(12 + length);
  }
  return 1;
}

int exifOrientation(Bytes file) {
  if (startsWith(file, "\xFF\xD8"))
    return orientationOfJpeg(file);
  return startsWith(file, "\x89PNG\r\n\x1A\n") ? orientationOfPng(file) : 1;
}

namespace {
/// Where a pixel of the upright picture lies in the file's.
struct Turn {
  bool transposed, fromRight, fromBottom;
};
} // namespace

static constexpr Turn turns[] = {{false, false, false}, {false, true, false}, {false, true, true}, {false, false, true},
                                 {true, false, false},  {true, false, true},  {true, true, true},  {true, true, false}};

Picture upright(const Picture &picture) {
  Turn turn = turns[picture.orientation - 1];
  Picture turned{picture.width, picture.height, std::vector<uint8_t>(picture.rgb.size())};
  if (turn.transposed)
    std::swap(turned.width, turned.height);
  uint8_t *out = turned.rgb.data();
  for (int y = 0; y < turned.height; ++y)
    for (int x = 0; x < turned.width; ++x, out += 3) {
      int column = turn.transposed ? y : x, row = turn.transposed ? x : y;
      if (turn.fromRight)
        column = picture.width - 1 - column;
      if (turn.fromBottom)
        row = picture.height - 1 - row;
      std::copy_n(picture.rgb.data() + (size_t(row) * size_t(picture.width) + size_t(column)) * 3, 3, out);
    }
  return turned;
}

} // namespace skip::data
