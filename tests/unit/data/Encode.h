// Makes JPEG and PNG files in memory, of kinds that writers of such files rarely choose.
#pragma once

#include <cstdint>
#include <vector>

namespace test {

using Bytes = std::vector<uint8_t>;

/// How a JPEG is written; `channels` is 1 (grey), 3 (RGB in, YCbCr stored) or 4 (CMYK as given).
struct JpegKind {
  int channels = 3;
  int quality = 100;
  bool progressive = false;
  bool adobeMarker = true; // of four channels
  bool subsampled = false; // chroma at half resolution
};
/// `samples` holds rows, in a row pixels, in a pixel `channels` bytes.
Bytes encodeJpeg(int width, int height, const Bytes &samples, JpegKind kind = {});

/// How a PNG is written; `colorType` and `depth` as the format has them (0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA).
struct PngKind {
  int colorType = 2;
  int depth = 8;
  bool interlaced = false;
  Bytes palette = {}; // RGB each
};
/// `rows` as the format stores them, one after the other; samples of 16 bits have the high byte first.
Bytes encodePng(int width, int height, const Bytes &rows, PngKind kind = {});

/// A PNG that ends where its first image data would be: a true header and nothing behind it.
Bytes pngHeaderOnly(int width, int height);

} // namespace test
