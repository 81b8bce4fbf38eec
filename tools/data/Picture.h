// Pictures, read from JPEG and PNG files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace skip::data {

/// Eight-bit RGB: `rgb` holds rows from top to bottom, in a row pixels from left to right, in a pixel red, green, blue.
struct Picture {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> rgb; // [height, width, 3]
  int orientation = 1;      ///< as EXIF numbers it; upright() turns it (Exif.h)
};

inline constexpr int maxPictureSide = 1 << 14;
inline constexpr int64_t maxPicturePixels = int64_t{1} << 28;

/// What of a file is read: of the header alone there come size and orientation, and `rgb` is empty.
enum class PictureParts { all, header };

/// Reads a JPEG (libjpeg-turbo's default decoding) or a PNG, told apart by their first bytes. Grey, palette, CMYK and
/// 16-bit pictures become RGB, of 16 bits the upper 8 stay, alpha is dropped, gamma and colour profiles are ignored
/// (all this as Pillow's `convert("RGB")` does). EXIF's orientation is noted. A truncated or corrupt file, or one above the
/// limits, gives nothing and a message in `error`.
std::optional<Picture> readPicture(const std::string &path, std::string &error, PictureParts parts = PictureParts::all);

/// The same for a file's bytes; `name` stands for the file in messages.
std::optional<Picture> decodePicture(std::span<const uint8_t> bytes, const std::string &name, std::string &error,
                                     PictureParts parts = PictureParts::all);

/// True if a picture of that size is within the limits; otherwise says in `reason` what the size is and what is allowed.
bool pictureSizeAllowed(int64_t width, int64_t height, std::string &reason);

} // namespace skip::data
