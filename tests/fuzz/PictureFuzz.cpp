// The decoders of pictures and arrays on any bytes: a whole result within the limits, or a message.
//
// A mutated PNG nearly always fails at its first checksum; so it is decoded once as it is and once with checksums put right.
#include "tests/fuzz/Require.h"
#include "tools/data/Exif.h"
#include "tools/data/Npy.h"
#include "tools/data/Resize.h"

#include <cstring>
#include <memory>

using namespace skip::data;
using skip::fuzz::require;

static void checkResizing(const Picture &picture) {
  std::string error;
  std::optional<Picture> small = resizeShorterSide(picture, 20, error);
  require(small.has_value() == error.empty(), "resized, or an error", error);
  if (!small)
    return;
  require(std::min(small->width, small->height) == 20, "the shorter side is set", error);
  Picture middle = centerCrop(*small, 17, 24);
  require(middle.rgb.size() == size_t{3} * 17 * 24, "a crop has its size", error);
}

/// Turned twice by what undoes itself, or by a turn and the one back, a picture is as it was.
static void checkOrientation(Picture picture) {
  require(picture.orientation >= 1 && picture.orientation <= 8, "an orientation is one of EXIF's", "");
  Picture turned = upright(picture);
  turned.orientation = picture.orientation == 6 ? 8 : picture.orientation == 8 ? 6 : picture.orientation;
  require(upright(turned).rgb == picture.rgb, "a turn can be undone", "");
}

static void checkPicture(std::span<const uint8_t> bytes) {
  std::string error, reason;
  int orientation = exifOrientation(bytes); // also of what does not decode
  require(orientation >= 1 && orientation <= 8, "an orientation is one of EXIF's", "");
  std::optional<Picture> picture = decodePicture(bytes, "fuzz", error);
  require(picture.has_value() == error.empty(), "either a picture or an error", error);
  if (!picture)
    return;
  require(pictureSizeAllowed(picture->width, picture->height, reason), "a picture is within the limits", reason);
  size_t pixels = static_cast<size_t>(picture->width) * static_cast<size_t>(picture->height);
  require(picture->rgb.size() == 3 * pixels, "a picture has all pixels", error);
  if (pixels >= 100'000)
    return;
  checkOrientation(*picture);
  checkResizing(*picture);
}

static void checkNpy(std::span<const uint8_t> bytes) {
  std::string error;
  std::optional<NpyArray> array = decodeNpy(bytes, "fuzz", error);
  require(array.has_value() == error.empty(), "either an array or an error", error);
  if (!array)
    return;
  uint64_t count = 1;
  for (int64_t extent : array->shape)
    count = extent == 0 || count == 0 ? 0 : count * static_cast<uint64_t>(extent);
  require(count == array->values.size(), "an array has as many values as its shape says", formatShape(array->shape));
}

static uint32_t bigEndian(const uint8_t *at) { return uint32_t{at[0]} << 24 | at[1] << 16 | at[2] << 8 | at[3]; }

/// PNG's checksum: the reflected CRC with polynomial 0xEDB88320.
static uint32_t checksum(const uint8_t *at, size_t size) {
  uint32_t crc = ~0u;
  for (size_t i = 0; i < size; ++i) {
    crc ^= at[i];
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

/// Chunks are length, type, data, checksum (of type and data); true if there was one.
static bool repairChecksums(uint8_t *file, size_t size) {
  size_t at = 8;
  for (uint32_t length; size >= at + 12 && (length = bigEndian(file + at)) <= size - at - 12; at += 12 + length) {
    uint32_t crc = checksum(file + at + 4, length + 4);
    for (int i = 0; i < 4; ++i)
      file[at + 8 + length + i] = static_cast<uint8_t>(crc >> (24 - 8 * i));
  }
  return at > 8;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // A copy of exactly this size, so that a sanitizer sees any read beyond it.
  std::unique_ptr<uint8_t[]> exact(new uint8_t[size]);
  if (size > 0)
    std::memcpy(exact.get(), data, size);
  checkPicture({exact.get(), size});
  checkNpy({exact.get(), size});
  if (size > 8 && exact[0] == 0x89 && repairChecksums(exact.get(), size))
    checkPicture({exact.get(), size});
  return 0;
}
