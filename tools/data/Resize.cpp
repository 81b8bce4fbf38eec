// Bilinear resizing with antialiasing, as Pillow does it, so that results agree to the bit.
//
// An output pixel's centre, mapped to the input, is c = (x + 1/2) * scale, scale = input size / output size. It is a
// weighted mean of the input pixels around c, by a triangle that is max(scale, 1) wide on each side: scaled down, every
// input pixel counts (antialiasing); scaled up, this is plain linear interpolation. Columns first, rounded to 8 bits,
// then rows. Example: 4 pixels to 2, scale 2: pixel 0 has c = 1 and weights 3, 3, 1 (/ 7) on pixels 0, 1, 2.
//
// Weights are made in double precision, normalised, and rounded to 22 fractional bits; sums are 32-bit integers, which
// hold 8 + 22 bits. A side that does not change is not touched. Both passes together cost
// O(output width * input height * support + output area * support); 500 x 375 to 341 x 256 takes about 3 ms.

#include "tools/data/Resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace skip::data {

namespace {
constexpr int weightBits = 22;

/// Input pixels [first, first + count) with their weights, for one output pixel.
struct Window {
  int first;
  int count;
  const int32_t *weights;
};

/// The windows of all output pixels of one side.
class Windows {
public:
  Windows(int inputSize, int outputSize);
  Window at(int output) const {
    auto index = static_cast<size_t>(output);
    return {firsts[index], counts[index], weights.data() + index * stride};
  }

private:
  size_t stride;
  std::vector<int> firsts, counts;
  std::vector<int32_t> weights; // [outputSize, stride]
};
} // namespace

Windows::Windows(int inputSize, int outputSize) {
  double scale = static_cast<double>(inputSize) / outputSize;
  double support = std::max(scale, 1.0);
  double inverse = 1.0 / support;
  stride = static_cast<size_t>(std::ceil(support)) * 2 + 1;
  weights.resize(static_cast<size_t>(outputSize) * stride);
  std::vector<double> exact(stride);
  for (int output = 0; output < outputSize; ++output) {
    double center = (output + 0.5) * scale;
    int first = std::max(static_cast<int>(center - support + 0.5), 0);
    int end = std::min(static_cast<int>(center + support + 0.5), inputSize);
    double sum = 0.0;
    for (int input = first; input < end; ++input) {
      double distance = std::abs((input - center + 0.5) * inverse);
      double weight = distance < 1.0 ? 1.0 - distance : 0.0;
      exact[static_cast<size_t>(input - first)] = weight;
      sum += weight;
    }
    int32_t *out = weights.data() + static_cast<size_t>(output) * stride;
    for (size_t k = 0; k < static_cast<size_t>(end - first); ++k) {
      double weight = sum != 0.0 ? exact[k] / sum : exact[k];
      out[k] = static_cast<int32_t>(0.5 + weight * (1 << weightBits));
    }
    firsts.push_back(first);
    counts.push_back(end - first);
  }
}

static uint8_t roundToByte(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> weightBits, 0, 255)); }

static Picture resizeColumns(const Picture &in, int width) {
  Picture out{width, in.height, std::vector<uint8_t>(size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(in.height))};
  Windows windows(in.width, width);
  uint8_t *to = out.rgb.data();
  for (int y = 0; y < in.height; ++y) {
    const uint8_t *row = in.rgb.data() + size_t{3} * static_cast<size_t>(in.width) * static_cast<size_t>(y);
    for (int x = 0; x < width; ++x) {
      Window window = windows.at(x);
      const uint8_t *from = row + 3 * window.first;
      int32_t red = 1 << (weightBits - 1), green = red, blue = red;
      for (int k = 0; k < window.count; ++k, from += 3) {
        red += from[0] * window.weights[k];
        green += from[1] * window.weights[k];
        blue += from[2] * window.weights[k];
      }
      *to++ = roundToByte(red);
      *to++ = roundToByte(green);
      *to++ = roundToByte(blue);
    }
  }
  return out;
}

static Picture resizeRows(const Picture &in, int height) {
  size_t rowBytes = size_t{3} * static_cast<size_t>(in.width);
  Picture out{in.width, height, std::vector<uint8_t>(rowBytes * static_cast<size_t>(height))};
  Windows windows(in.height, height);
  std::vector<int32_t> sums(rowBytes);
  for (int y = 0; y < height; ++y) {
    Window window = windows.at(y);
    std::fill(sums.begin(), sums.end(), 1 << (weightBits - 1));
    for (int k = 0; k < window.count; ++k) {
      const uint8_t *from = in.rgb.data() + rowBytes * static_cast<size_t>(window.first + k);
      for (size_t i = 0; i < rowBytes; ++i)
        sums[i] += from[i] * window.weights[k];
    }
    std::transform(sums.begin(), sums.end(), out.rgb.begin() + static_cast<ptrdiff_t>(rowBytes) * y, roundToByte);
  }
  return out;
}

std::optional<Picture> resize(const Picture &picture, int width, int height, std::string &error) {
  std::string reason;
  if (!pictureSizeAllowed(width, height, reason) || !pictureSizeAllowed(width, picture.height, reason)) {
    error = "cannot resize a picture of " + std::to_string(picture.width) + " x " + std::to_string(picture.height) + " to " +
            std::to_string(width) + " x " + std::to_string(height) + ": " + reason;
    return std::nullopt;
  }
  Picture result = width == picture.width ? picture : resizeColumns(picture, width);
  return height == result.height ? result : resizeRows(result, height);
}

std::optional<Picture> resizeShorterSide(const Picture &picture, int size, std::string &error) {
  int64_t shorter = std::min(picture.width, picture.height);
  auto scaled = [&](int side) { return static_cast<int>(std::min<int64_t>(int64_t{size} * side / shorter, INT32_MAX)); };
  return resize(picture, scaled(picture.width), scaled(picture.height), error);
}

/// Half of `excess`, which may be negative (padding); n + 1/2 goes to the even neighbour when cropping.
static int marginFor(int excess) {
  if (excess < 0)
    return -(-excess / 2);
  return excess / 2 + (excess % 2 != 0 && excess / 2 % 2 != 0 ? 1 : 0);
}

Picture centerCrop(const Picture &picture, int width, int height) {
  Picture out{width, height, std::vector<uint8_t>(size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(height))};
  int left = marginFor(picture.width - width), top = marginFor(picture.height - height);
  int columns = std::min(width, picture.width), rows = std::min(height, picture.height);
  for (int row = 0; row < rows; ++row) {
    int64_t from = int64_t{row + std::max(top, 0)} * picture.width + std::max(left, 0);
    int64_t to = int64_t{row + std::max(-top, 0)} * width + std::max(-left, 0);
    std::memcpy(out.rgb.data() + 3 * to, picture.rgb.data() + 3 * from, size_t{3} * static_cast<size_t>(columns));
  }
  return out;
}

} // namespace skip::data
