// Writes small pictures for the tests to read.
#include "tests/unit/data/Encode.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <jpeglib.h>
#include <png.h>

namespace test {

Bytes encodeJpeg(int width, int height, const Bytes &samples, JpegKind kind) {
  jpeg_compress_struct info{};
  jpeg_error_mgr handlers{};
  info.err = jpeg_std_error(&handlers); // ends the process on an error, which only a wrong test can cause
  jpeg_create_compress(&info);
  unsigned char *memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &memory, &size);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = kind.channels;
  info.in_color_space = kind.channels == 1 ? JCS_GRAYSCALE : kind.channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, kind.quality, TRUE);
  info.write_Adobe_marker = static_cast<boolean>(info.write_Adobe_marker && kind.adobeMarker);
  if (!kind.subsampled)
    info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = 1;
  if (kind.progressive)
    jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    auto *row = const_cast<uint8_t *>(samples.data()) + size_t{info.next_scanline} * info.image_width * kind.channels;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  Bytes bytes(memory, memory + size);
  std::free(memory);
  return bytes;
}

static void appendTo(png_structp png, png_bytep data, size_t size) {
  auto *bytes = static_cast<Bytes *>(png_get_io_ptr(png));
  bytes->insert(bytes->end(), data, data + size);
}

/// Writes everything, or with null rows all that precedes the pixels.
static Bytes writePng(int width, int height, const uint8_t *rows, const PngKind &kind) {
  Bytes bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &bytes, appendTo, nullptr);
  png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), kind.depth, kind.colorType,
               kind.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  std::vector<png_color> palette(kind.palette.size() / 3);
  if (!palette.empty()) {
    std::memcpy(palette.data(), kind.palette.data(), palette.size() * 3);
    png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  }
  png_write_info(png, info);
  if (rows) {
    size_t rowBytes = png_get_rowbytes(png, info);
    std::vector<png_bytep> pointers;
    for (int y = 0; y < height; ++y)
      pointers.push_back(const_cast<png_bytep>(rows) + rowBytes * static_cast<size_t>(y));
    png_write_image(png, pointers.data());
    png_write_end(png, info);
  }
  png_destroy_write_struct(&png, &info);
  return bytes;
}

Bytes encodePng(int width, int height, const Bytes &rows, PngKind kind) { return writePng(width, height, rows.data(), kind); }

Bytes pngHeaderOnly(int width, int height) {
  Bytes bytes = writePng(width, height, nullptr, {});
  for (char c : {'\0', '\0', '\0', '\1', 'I', 'D', 'A', 'T'})
    bytes.push_back(static_cast<uint8_t>(c));
  return bytes;
}

} // namespace test
