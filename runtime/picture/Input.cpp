// Places pictures as torchvision's Resize and CenterCrop do, and normalises them.
#include "runtime/picture/Input.h"

namespace skip::runtime {

int64_t marginFor(int64_t excess) {
  if (excess < 0)
    return -(-excess / 2);
  return excess / 2 + (excess % 2 != 0 && excess / 2 % 2 != 0 ? 1 : 0);
}

int64_t scaledLength(int64_t length, int64_t shorter, int64_t side) { return side * length / shorter; }

namespace {
/// What of one side of a scaled picture is kept, and where.
struct Span {
  int64_t from, to, count;
};
Span spanOf(int64_t scaled, int64_t kept) {
  int64_t margin = marginFor(scaled - kept);
  return margin < 0 || scaled < kept ? Span{0, -margin, scaled} : Span{margin, 0, kept};
}
} // namespace

bool placePicture(const PictureInput &input, int64_t pictureWidth, int64_t pictureHeight, Placement &placement) {
  const int32_t *resize = input.rule.resize;
  int64_t width = input.width, height = input.height; // neither resize nor crop
  if (resize[0] > 0 && resize[1] > 0) {
    height = resize[0];
    width = resize[1];
  } else if (resize[0] > 0) {
    int64_t shorter = pictureWidth < pictureHeight ? pictureWidth : pictureHeight;
    width = scaledLength(pictureWidth, shorter, resize[0]);
    height = scaledLength(pictureHeight, shorter, resize[0]);
  } else if (input.rule.crop > 0) {
    width = pictureWidth;
    height = pictureHeight;
  }
  if (width > mostScaledSide || height > mostScaledSide)
    return false;
  Span columns = spanOf(width, input.width), rows = spanOf(height, input.height);
  placement = {{width, height, columns.from, rows.from, columns.count, rows.count}, columns.to, rows.to};
  return true;
}

static Resampling resamplingOf(const PictureInput &input, const PictureView &picture, const Placement &placement) {
  return {picture, placement.cut, static_cast<SkipFilter>(input.rule.filter), input.rule.channels == 1};
}

size_t fillBytes(const PictureInput &input, const PictureView &picture, const Placement &placement) {
  return resamplingOf(input, picture, placement).scratchBytes();
}

/// A byte has few values: dividing them once gives the same bits as dividing every pixel.
void fillNumbers(float mean, float deviation, float numbers[256]) {
  float divisor = deviation == 0 ? 1 : deviation;
  for (int value = 0; value < 256; ++value)
    numbers[value] = (static_cast<float>(value) / 255.0f - mean) / divisor;
}

namespace {
/// Takes rows and writes them to the planes.
struct Normalizer {
  float numbers[3][256];
  ChannelPlaces places;
  int32_t channels, pixelBytes;
  int64_t columns, width, plane;
  float *first; // of the first channel: where the first row goes

  static void take(void *user, int64_t row, const uint8_t *pixels) {
    static_cast<const Normalizer *>(user)->write(row, pixels);
  }
  void write(int64_t row, const uint8_t *pixels) const {
    for (int32_t channel = 0; channel < channels; ++channel) {
      const uint8_t *from = pixels + places.places[channel];
      float *to = first + channel * plane + row * width;
      const float *number = numbers[channel];
      for (int64_t x = 0; x < columns; ++x, from += pixelBytes)
        to[x] = number[*from];
    }
  }
};
} // namespace

static void fillBlack(const Normalizer &normalizer, float *planes) {
  for (int32_t channel = 0; channel < normalizer.channels; ++channel)
    for (int64_t i = 0; i < normalizer.plane; ++i)
      *planes++ = normalizer.numbers[channel][0];
}

void fillInput(const PictureInput &input, const PictureView &picture, const Placement &placement, void *scratch, bool avx2,
               float *planes) {
  const Resampling resampling = resamplingOf(input, picture, placement);
  const Cut &cut = placement.cut;
  Normalizer normalizer;
  normalizer.channels = static_cast<int32_t>(input.rule.channels);
  normalizer.pixelBytes = resampling.pixelBytes();
  normalizer.places = placesOf(normalizer.channels == 1 ? SKIP_GREY : picture.order);
  normalizer.columns = cut.columns;
  normalizer.width = input.width;
  normalizer.plane = input.width * input.height;
  normalizer.first = planes + placement.top * input.width + placement.left;
  for (int32_t channel = 0; channel < normalizer.channels; ++channel)
    fillNumbers(input.rule.mean[channel], input.rule.deviation[channel], normalizer.numbers[channel]);
  if (cut.columns < input.width || cut.rows < input.height)
    fillBlack(normalizer, planes);
  resampling.run(scratch, avx2, Normalizer::take, &normalizer);
}

} // namespace skip::runtime
