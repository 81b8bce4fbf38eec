// Pictures as callers have them.
#pragma once

#include "runtime/Runtime.h"

namespace skip::runtime {

enum : int64_t { mostPictureSide = 65535, mostScaledSide = int64_t{1} << 24 };

struct PictureView {
  const uint8_t *pixels;
  int64_t width, height, rowBytes;
  skip_pixel_order order;

  const uint8_t *row(int64_t y) const { return pixels + y * rowBytes; }
};

/// Bytes of a pixel.
int32_t pixelBytesOf(skip_pixel_order order);

/// Where red, green and blue lie in a pixel; all in one place for grey.
struct ChannelPlaces {
  int32_t places[3];
};
ChannelPlaces placesOf(skip_pixel_order order);

/// Grey as Pillow makes it of colours, by ITU-R 601-2: (19595 red + 38470 green + 7471 blue + 2^15) / 2^16, cut down.
void makeGrey(const uint8_t *from, skip_pixel_order order, int64_t pixels, uint8_t *to);

} // namespace skip::runtime
