// Turns 8-bit pictures into normalised planes of floats.
#include "tools/data/Normalize.h"

namespace skip::data {

void toNchwFloat(const Picture &picture, const float mean[3], const float std[3], float *out) {
  size_t pixels = static_cast<size_t>(picture.width) * static_cast<size_t>(picture.height);
  for (size_t channel = 0; channel < 3; ++channel) {
    float table[256]; // A byte has few values: dividing them once gives the same bits as dividing every pixel.
    for (int value = 0; value < 256; ++value)
      table[value] = (static_cast<float>(value) / 255.0f - mean[channel]) / std[channel];
    const uint8_t *from = picture.rgb.data() + channel;
    for (size_t pixel = 0; pixel < pixels; ++pixel)
      *out++ = table[from[3 * pixel]];
  }
}

} // namespace skip::data
