// From 8-bit pictures to a model's normalised input.
#include "runtime/Error.h"
#include "runtime/Objects.h"

using namespace skip::runtime;

namespace skip::runtime {

static skip_status checkPicture(const SkipModelImage &image, int64_t n, int64_t height, int64_t width) {
  if (image.inputCount == 0 || image.inputs[0].rank != 4 || image.inputs[0].dims[1] != 3)
    return fail(SKIP_INVALID_ARGUMENT, "normalize_rgb8: the first input of model `%s` is not a picture of 3 channels",
                image.name);
  const int64_t *dims = image.inputs[0].dims;
  if (n < 0 || height != dims[2] || width != dims[3])
    return fail(SKIP_INVALID_ARGUMENT,
                "normalize_rgb8: %lld pictures of %lld x %lld, model `%s` takes %lld x %lld (height x width)",
                static_cast<long long>(n), static_cast<long long>(height), static_cast<long long>(width), image.name,
                static_cast<long long>(dims[2]), static_cast<long long>(dims[3]));
  for (float deviation : image.deviation)
    if (deviation == 0)
      return fail(SKIP_INVALID_ARGUMENT,
                  "normalize_rgb8: the spec of model `%s` declares no mean and std for its input; normalise the input yourself",
                  image.name);
  return SKIP_OK;
}

/// Every value that a byte of this channel can become: each step in float, which gives the same bits as dividing each pixel.
static void fillTable(float mean, float deviation, float *table) {
  for (int value = 0; value < 256; ++value)
    table[value] = (static_cast<float>(value) / 255.0f - mean) / deviation;
}

} // namespace skip::runtime

extern "C" skip_status skipmodel_normalize_rgb8(const skip_model *model, const uint8_t *pixels, int64_t n, int64_t height,
                                                int64_t width, float *input) {
  if (!model || !pixels || !input)
    return fail(SKIP_INVALID_ARGUMENT, "normalize_rgb8: `%s` is null", !model ? "model" : !pixels ? "pixels" : "input");
  if (skip_status status = checkPicture(*model->image, n, height, width); status != SKIP_OK)
    return status;
  float table[3][256];
  for (int channel = 0; channel < 3; ++channel)
    fillTable(model->image->mean[channel], model->image->deviation[channel], table[channel]);
  int64_t plane = height * width;
  for (int64_t picture = 0; picture < n; ++picture)
    for (int channel = 0; channel < 3; ++channel) {
      const uint8_t *from = pixels + picture * plane * 3 + channel;
      for (int64_t i = 0; i < plane; ++i)
        *input++ = table[channel][from[3 * i]];
    }
  return SKIP_OK;
}
