// Turns 8-bit pictures into normalised planes of floats.
#include "tools/data/Normalize.h"

#include "runtime/picture/Input.h"

namespace skip::data {

void toNchwFloat(const Picture &picture, const float mean[3], const float std[3], float *out, int channels) {
  size_t pixels = static_cast<size_t>(picture.width) * static_cast<size_t>(picture.height);
  for (int channel = 0; channel < channels; ++channel) {
    float table[256];
    runtime::fillNumbers(mean[channel], std[channel], table);
    const uint8_t *from = picture.rgb.data() + channel;
    for (size_t pixel = 0; pixel < pixels; ++pixel)
      *out++ = table[from[3 * pixel]];
  }
}

} // namespace skip::data
