// Tells a picture's format by its first bytes and hands it to that format's decoder.
#include "tools/data/Picture.h"

#include "support/Printable.h"
#include "tools/data/Codecs.h"
#include "tools/data/Exif.h"
#include "tools/data/File.h"

#include <algorithm>
#include <cstdio>

namespace skip::data {

bool pictureSizeAllowed(int64_t width, int64_t height, std::string &reason) {
  bool allowed =
      width >= 1 && height >= 1 && width <= maxPictureSide && height <= maxPictureSide && width * height <= maxPicturePixels;
  if (!allowed)
    reason = "its size is " + std::to_string(width) + " x " + std::to_string(height) + ", expected 1 to " +
             std::to_string(maxPictureSide) + " on a side and at most " + std::to_string(maxPicturePixels) + " pixels";
  return allowed;
}

static bool startsWith(std::span<const uint8_t> bytes, std::initializer_list<uint8_t> magic) {
  return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

static std::string describeStart(std::span<const uint8_t> bytes) {
  if (bytes.empty())
    return "the file is empty";
  std::string text = "it starts with the bytes";
  char hex[8];
  for (uint8_t byte : bytes.first(std::min<size_t>(bytes.size(), 8))) {
    std::snprintf(hex, sizeof hex, " %02x", byte);
    text += hex;
  }
  return text;
}

std::optional<Picture> decodePicture(std::span<const uint8_t> bytes, const std::string &name, std::string &error,
                                     PictureParts parts) {
  std::string reason;
  std::optional<Picture> picture;
  if (startsWith(bytes, {0xFF, 0xD8, 0xFF}))
    picture = decodeJpeg(bytes, parts, reason);
  else if (startsWith(bytes, {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'}))
    picture = decodePng(bytes, parts, reason);
  else
    reason = "not a JPEG or PNG: " + describeStart(bytes) + "; convert the picture to one of these";
  if (picture)
    picture->orientation = exifOrientation(bytes);
  else
    error = "cannot read the picture " + quotedName(name) + ": " + reason;
  return picture;
}

std::optional<Picture> readPicture(const std::string &path, std::string &error, PictureParts parts) {
  std::optional<std::vector<uint8_t>> bytes = readFile(path, error);
  if (!bytes)
    return std::nullopt;
  return decodePicture(*bytes, path, error, parts);
}

} // namespace skip::data
