// PNG by libpng, through its plain (not its "simplified") interface: the latter applies gamma. As in Jpeg.cpp, errors
// jump back to the member function that called the library, and all that needs cleaning up is a member.

#include "tools/data/Codecs.h"

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <png.h>

namespace skip::data {

namespace {
class PngReader {
public:
  explicit PngReader(std::span<const uint8_t> bytes) : rest(bytes) {}
  ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }
  PngReader(const PngReader &) = delete;
  PngReader &operator=(const PngReader &) = delete;

  /// Reads the header; from then on width(), height() and storedRowBytes() hold.
  bool start();
  /// Decodes everything into the rows that `rows` points to, 3 bytes a pixel, and checks the end of the file.
  bool readRows(uint8_t **rows);

  int64_t width() const { return png_get_image_width(png, info); }
  int64_t height() const { return png_get_image_height(png, info); }
  /// Bytes of a row as it is stored, before any conversion.
  uint64_t storedRowBytes() const { return png_get_rowbytes(png, info); }
  const char *message() const { return text; }

private:
  [[noreturn]] static void fail(png_structp png, png_const_charp message);
  static void ignoreWarning(png_structp, png_const_charp) {}
  static void readBytes(png_structp png, png_bytep out, size_t count);
  bool convertToRgb();

  png_structp png = nullptr;
  png_infop info = nullptr;
  std::span<const uint8_t> rest;
  std::jmp_buf back{};
  char text[256] = "";
};
} // namespace

void PngReader::fail(png_structp png, png_const_charp message) {
  auto *self = static_cast<PngReader *>(png_get_error_ptr(png));
  std::snprintf(self->text, sizeof self->text, "%s", message);
  std::longjmp(self->back, 1);
}

void PngReader::readBytes(png_structp png, png_bytep out, size_t count) {
  auto *self = static_cast<PngReader *>(png_get_io_ptr(png));
  if (count > self->rest.size())
    png_error(png, "the file ends early");
  std::memcpy(out, self->rest.data(), count);
  self->rest = self->rest.subspan(count);
}

bool PngReader::start() {
  if (setjmp(back))
    return false;
  png = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, fail, ignoreWarning);
  info = png ? png_create_info_struct(png) : nullptr;
  if (!info) {
    std::snprintf(text, sizeof text, "out of memory");
    return false;
  }
  png_set_read_fn(png, this, readBytes);
  // The size is checked by us, with our message. Text and profile chunks are of no use here: libpng need not unpack them.
  png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  png_read_info(png, info);
  return true;
}

/// Asks libpng for 8-bit RGB, whatever is stored; true if rows then have 3 bytes a pixel.
bool PngReader::convertToRgb() {
  png_set_expand(png); // Palette to RGB, grey of less than 8 bits to 8, a transparent colour to alpha.
  png_set_strip_16(png);
  png_set_strip_alpha(png);
  png_set_gray_to_rgb(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  return png_get_channels(png, info) == 3 && png_get_bit_depth(png, info) == 8;
}

bool PngReader::readRows(uint8_t **rows) {
  if (setjmp(back))
    return false;
  if (!convertToRgb())
    png_error(png, "unknown pixel format");
  png_read_image(png, rows);
  png_read_end(png, nullptr);
  return true;
}

/// Deflate packs at most 1,032 bytes into one, so a header that promises more than that lies; said before memory is
/// asked for. Interlaced rows may take less room than storedRowBytes() when a pass is empty, never less than half of it.
static bool plausible(const PngReader &reader, size_t fileBytes, std::string &reason) {
  if (!pictureSizeAllowed(reader.width(), reader.height(), reason))
    return false;
  if (reader.storedRowBytes() * static_cast<uint64_t>(reader.height()) / 2064 <= fileBytes)
    return true;
  reason = "its header says " + std::to_string(reader.width()) + " x " + std::to_string(reader.height()) +
           " pixels, too many for a file of " + std::to_string(fileBytes) + " bytes; it is truncated or corrupt";
  return false;
}

std::optional<Picture> decodePng(std::span<const uint8_t> bytes, PictureParts parts, std::string &reason) {
  PngReader reader(bytes);
  if (!reader.start()) {
    reason = std::string("libpng says: ") + reader.message();
    return std::nullopt;
  }
  if (!plausible(reader, bytes.size(), reason))
    return std::nullopt;
  Picture picture{static_cast<int>(reader.width()), static_cast<int>(reader.height()), {}};
  if (parts == PictureParts::header)
    return picture;
  size_t rowBytes = size_t{3} * static_cast<size_t>(picture.width);
  picture.rgb.resize(rowBytes * static_cast<size_t>(picture.height));
  std::vector<uint8_t *> rows;
  for (size_t offset = 0; offset < picture.rgb.size(); offset += rowBytes)
    rows.push_back(picture.rgb.data() + offset);
  if (!reader.readRows(rows.data())) {
    reason = std::string("it is truncated or corrupt; libpng says: ") + reader.message();
    return std::nullopt;
  }
  return picture;
}

} // namespace skip::data
