// JPEG by libjpeg-turbo. The library reports a fatal error by a callback that must not return; ours jumps back to the
// member function that called the library. No object with a destructor lives in a frame that such a jump leaves:
// everything that needs cleaning up is a member of JpegReader.

#include "tools/data/Codecs.h"

#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>
#include <jerror.h>

namespace skip::data {

namespace {
class JpegReader {
public:
  JpegReader();
  ~JpegReader() { jpeg_destroy_decompress(&info); }
  JpegReader(const JpegReader &) = delete;
  JpegReader &operator=(const JpegReader &) = delete;

  /// Reads the header and sets the output format; from then on width(), height() and rowBytes() hold.
  bool start(std::span<const uint8_t> bytes);
  /// Decodes rows into `out`, rowBytes() each; for progressive files the first call reads the file to its end.
  bool readRows(uint8_t *out);

  int64_t width() const { return info.image_width; }
  int64_t height() const { return info.image_height; }
  size_t rowBytes() const { return size_t{info.image_width} * (isCmyk() ? 4 : 3); }
  bool isCmyk() const { return info.out_color_space == JCS_CMYK; }
  bool isArithmetic() const { return info.arith_code; }
  const char *message() const { return text; }

private:
  static void fail(j_common_ptr info);
  static void onMessage(j_common_ptr info, int level);
  static void onProgress(j_common_ptr info);

  jpeg_decompress_struct info{};
  jpeg_error_mgr handlers{};
  jpeg_progress_mgr progress{};
  std::jmp_buf back{};
  char text[JMSG_LENGTH_MAX] = "";
};
} // namespace

JpegReader::JpegReader() {
  info.err = jpeg_std_error(&handlers);
  handlers.error_exit = fail;
  handlers.emit_message = onMessage;
  progress.progress_monitor = onProgress;
  info.client_data = this;
}

void JpegReader::fail(j_common_ptr info) {
  auto *self = static_cast<JpegReader *>(info->client_data);
  info->err->format_message(info, self->text);
  std::longjmp(self->back, 1);
}

/// Warnings tell of data that libjpeg made up: a file that ends early would come back grey at the bottom. Those are
/// errors here; the rest (stray bytes between markers) does no harm to the picture and is common. So is a file without its end
/// marker: where all is in one scan of Huffman codes, the decoder tells apart (JWRN_HIT_MARKER) whether pixels are missing too.
void JpegReader::onMessage(j_common_ptr info, int level) {
  if (level >= 0)
    return;
  jpeg_decompress_struct &decoder = static_cast<JpegReader *>(info->client_data)->info;
  switch (info->err->msg_code) {
  case JWRN_JPEG_EOF:
    if (decoder.comps_in_scan == 0 || decoder.comps_in_scan != decoder.num_components || decoder.progressive_mode ||
        decoder.arith_code)
      fail(info);
    return;
  case JWRN_HIT_MARKER:
  case JWRN_HUFF_BAD_CODE:
  case JWRN_ARITH_BAD_CODE:
  case JWRN_MUST_RESYNC:
    fail(info);
  }
}

/// A few kilobytes can hold thousands of scans of a huge picture, each of which walks over all of it.
void JpegReader::onProgress(j_common_ptr info) {
  auto *self = static_cast<JpegReader *>(info->client_data);
  if (!info->is_decompressor || self->info.input_scan_number <= 500)
    return;
  std::snprintf(self->text, sizeof self->text, "it has more than 500 scans");
  std::longjmp(self->back, 1);
}

bool JpegReader::start(std::span<const uint8_t> bytes) {
  if (setjmp(back))
    return false;
  jpeg_create_decompress(&info);
  info.progress = &progress;
  jpeg_mem_src(&info, bytes.data(), bytes.size());
  jpeg_read_header(&info, TRUE);
  bool fourInks = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
  info.out_color_space = fourInks ? JCS_CMYK : JCS_RGB;
  return true;
}

bool JpegReader::readRows(uint8_t *out) {
  if (setjmp(back))
    return false;
  jpeg_start_decompress(&info);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = out + size_t{info.output_scanline} * rowBytes();
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  return true;
}

/// C, M, Y, K to R, G, B, where 0 is full ink: R = C * K / 255, rounded as Pillow does it. So files hold inks, inverted, as
/// Adobe's writers began to; those without its marker too, as Pillow and browsers read them.
static void convertFromCmyk(const std::vector<uint8_t> &cmyk, std::vector<uint8_t> &rgb) {
  for (size_t pixel = 0; pixel * 4 < cmyk.size(); ++pixel)
    for (size_t channel = 0; channel < 3; ++channel) {
      int product = cmyk[pixel * 4 + channel] * cmyk[pixel * 4 + 3] + 128;
      rgb[pixel * 3 + channel] = static_cast<uint8_t>(((product >> 8) + product) >> 8); // round(product / 255)
    }
}

/// Refuses a header that promises far more pixels than the bytes behind it can hold, before memory is asked for: a
/// Huffman-coded block of 8 x 8 takes at least a bit, a chroma sample covers at most 4 x 4 pixels.
static bool plausible(const JpegReader &reader, size_t fileBytes, std::string &reason) {
  if (!pictureSizeAllowed(reader.width(), reader.height(), reason))
    return false;
  auto pixels = static_cast<uint64_t>(reader.width() * reader.height());
  if (reader.isArithmetic() || pixels / 8192 <= fileBytes)
    return true;
  reason = "its header says " + std::to_string(reader.width()) + " x " + std::to_string(reader.height()) +
           " pixels, too many for a file of " + std::to_string(fileBytes) + " bytes; it is truncated or corrupt";
  return false;
}

std::optional<Picture> decodeJpeg(std::span<const uint8_t> bytes, PictureParts parts, std::string &reason) {
  JpegReader reader;
  if (!reader.start(bytes)) {
    reason = std::string("libjpeg says: ") + reader.message();
    return std::nullopt;
  }
  if (!plausible(reader, bytes.size(), reason))
    return std::nullopt;
  auto height = static_cast<size_t>(reader.height());
  Picture picture{static_cast<int>(reader.width()), static_cast<int>(reader.height()), {}};
  if (parts == PictureParts::header)
    return picture;
  std::vector<uint8_t> rows(reader.rowBytes() * height);
  if (!reader.readRows(rows.data())) {
    reason = std::string("it is truncated or corrupt; libjpeg says: ") + reader.message();
    return std::nullopt;
  }
  if (reader.isCmyk()) {
    picture.rgb.resize(size_t{3} * static_cast<size_t>(picture.width) * height);
    convertFromCmyk(rows, picture.rgb);
  } else {
    picture.rgb = std::move(rows);
  }
  return picture;
}

} // namespace skip::data
