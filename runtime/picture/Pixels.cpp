// Orders of channels, and grey.
#include "runtime/picture/Pixels.h"

#include <string.h>

namespace skip::runtime {

int32_t pixelBytesOf(skip_pixel_order order) {
  switch (order) {
  case SKIP_RGB:
  case SKIP_BGR:
    return 3;
  case SKIP_RGBA:
    return 4;
  case SKIP_GREY:
    return 1;
  }
  __builtin_trap();
}

ChannelPlaces placesOf(skip_pixel_order order) {
  switch (order) {
  case SKIP_RGB:
  case SKIP_RGBA:
    return {{0, 1, 2}};
  case SKIP_BGR:
    return {{2, 1, 0}};
  case SKIP_GREY:
    return {{0, 0, 0}};
  }
  __builtin_trap();
}

void makeGrey(const uint8_t *from, skip_pixel_order order, int64_t pixels, uint8_t *to) {
  if (order == SKIP_GREY) {
    memcpy(to, from, static_cast<size_t>(pixels));
    return;
  }
  const int32_t step = pixelBytesOf(order);
  const ChannelPlaces at = placesOf(order);
  for (int64_t i = 0; i < pixels; ++i, from += step) {
    uint32_t sum = 19595u * from[at.places[0]] + 38470u * from[at.places[1]] + 7471u * from[at.places[2]];
    to[i] = static_cast<uint8_t>((sum + (1u << 15)) >> 16);
  }
}

} // namespace skip::runtime
