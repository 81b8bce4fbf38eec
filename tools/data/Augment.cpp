// Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural Networks" (2012), section 4.1, has
// the crops, mirrors and colours. Its colours: the vector [p1, p2, p3] [a1 l1, a2 l2, a3 l3] is added to each pixel, p and l
// the eigenvectors and eigenvalues of the covariance of ImageNet's colours, a drawn once a picture.
//
// The paper does not print p and l. Those below are the values that training programs since have shared, for colours from 0 to
// 1; `l` is the deviation along a component. They are ImageNet's for every data set.
#include "tools/data/Augment.h"

#include "runtime/picture/Input.h"
#include "tools/data/Normalize.h"
#include "tools/data/Resize.h"

#include <algorithm>

namespace skip::data {

static constexpr double eigenvalues[3] = {0.2175, 0.0188, 0.0045};
static constexpr double eigenvectors[3][3] = { // rows: red, green, blue; columns: components
    {-0.5675, 0.7192, 0.4009},
    {-0.5808, -0.0045, -0.8140},
    {-0.5836, -0.6948, 0.4203}};

static void drawColour(Draws draws, double deviation, double colour[3]) {
  double multiples[3];
  for (int component = 0; component < 3; ++component)
    multiples[component] = draws.normal() * deviation * eigenvalues[component];
  for (int channel = 0; channel < 3; ++channel)
    for (int component = 0; component < 3; ++component)
      colour[channel] += eigenvectors[channel][component] * multiples[component];
}

/// A length after scaling the shorter one to `side`, as resizeShorterSide() cuts it down.
static int scaledLength(int length, int shorter, int side) {
  return static_cast<int>(std::min<int64_t>(runtime::scaledLength(length, shorter, side), INT32_MAX));
}

Drawn draw(const Augmentation &how, int width, int height, uint64_t seed, uint32_t epoch, uint32_t index) {
  Drawn drawn;
  int spareColumns = 0, spareRows = 0;
  if (how.crop == Augmentation::Crop::Padded)
    spareColumns = spareRows = 2 * how.pad;
  if (how.crop == Augmentation::Crop::Resized) {
    auto lengths = static_cast<uint32_t>(how.to - how.from + 1);
    drawn.side = how.from + static_cast<int>(Draws(seed, Purpose::Side, epoch, index).below(lengths));
    int shorter = std::min(width, height);
    spareColumns = std::max(0, scaledLength(width, shorter, drawn.side) - how.fit.width);
    spareRows = std::max(0, scaledLength(height, shorter, drawn.side) - how.fit.height);
  }
  Draws place(seed, Purpose::Crop, epoch, index);
  drawn.left = static_cast<int>(place.below(static_cast<uint32_t>(spareColumns) + 1));
  drawn.top = static_cast<int>(place.below(static_cast<uint32_t>(spareRows) + 1));
  drawn.mirrored = how.flip && Draws(seed, Purpose::Flip, epoch, index).below(2) == 1;
  if (how.colour > 0)
    drawColour(Draws(seed, Purpose::Colour, epoch, index), how.colour, drawn.colour);
  return drawn;
}

/// The `width` x `height` pixels from column `left` and row `top` on, which may lie outside: black is there.
static Picture cut(const Picture &picture, int left, int top, int width, int height) {
  Picture out{width, height, std::vector<uint8_t>(size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(height))};
  int first = std::max(0, -left), end = std::min(width, picture.width - left);
  for (int row = std::max(0, -top); row < std::min(height, picture.height - top) && first < end; ++row) {
    int64_t from = int64_t{row + top} * picture.width + left + first, to = int64_t{row} * width + first;
    std::copy_n(picture.rgb.begin() + 3 * from, 3 * (end - first), out.rgb.begin() + 3 * to);
  }
  return out;
}

static void mirror(Picture &picture) {
  for (int row = 0; row < picture.height; ++row) {
    uint8_t *left = picture.rgb.data() + size_t{3} * static_cast<size_t>(picture.width) * static_cast<size_t>(row);
    for (uint8_t *right = left + 3 * (picture.width - 1); left < right; left += 3, right -= 3)
      std::swap_ranges(left, left + 3, right);
  }
}

static std::optional<Picture> cropped(const Picture &picture, const Augmentation &how, const Drawn &drawn, std::string &error) {
  const Fit &fit = how.fit;
  if (how.crop == Augmentation::Crop::Resized) {
    std::optional<Picture> scaled =
        resizeShorterSide(fit.channels == 1 ? grey(picture) : picture, drawn.side, error, fit.filter);
    return scaled ? std::optional(cut(*scaled, drawn.left, drawn.top, fit.width, fit.height)) : std::nullopt;
  }
  std::optional<Picture> fitting = fitPicture(picture, fit, error);
  if (!fitting || how.crop == Augmentation::Crop::None)
    return fitting;
  return cut(*fitting, drawn.left - how.pad, drawn.top - how.pad, fit.width, fit.height);
}

bool augment(const Picture &picture, const Augmentation &how, uint64_t seed, uint32_t epoch, uint32_t index, float *out,
             std::string &error) {
  Drawn drawn = draw(how, picture.width, picture.height, seed, epoch, index);
  std::optional<Picture> result = cropped(picture, how, drawn, error);
  if (!result)
    return false;
  if (drawn.mirrored)
    mirror(*result);
  float mean[3];
  for (int channel = 0; channel < 3; ++channel)
    mean[channel] = how.mean[channel] - static_cast<float>(drawn.colour[channel]);
  toNchwFloat(*result, mean, how.std, out, how.fit.channels);
  return true;
}

} // namespace skip::data
