// Pictures of the tools through the runtime's scaling.
#include "tools/data/Resize.h"

#include "runtime/Cpu.h"
#include "runtime/picture/Input.h"
#include "tools/data/Scratch.h"

#include <algorithm>
#include <cstring>

namespace skip::data {

static runtime::PictureView viewOf(const Picture &picture) {
  return {picture.rgb.data(), picture.width, picture.height, int64_t{3} * picture.width, SKIP_RGB};
}

static Picture blackPicture(int width, int height) {
  return {width, height, std::vector<uint8_t>(size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(height))};
}

static Picture scaled(const Picture &picture, int width, int height, SkipFilter filter) {
  Picture out = blackPicture(width, height);
  runtime::Resampling resampling(viewOf(picture), {width, height, 0, 0, width, height}, filter, /*grey=*/false);
  Scratch scratch(resampling.scratchBytes());
  auto take = [](void *user, int64_t row, const uint8_t *pixels) {
    auto &out = *static_cast<Picture *>(user);
    size_t bytes = size_t{3} * static_cast<size_t>(out.width);
    std::memcpy(out.rgb.data() + static_cast<size_t>(row) * bytes, pixels, bytes);
  };
  resampling.run(scratch.get(), runtime::hasAvx2(), take, &out);
  return out;
}

std::optional<Picture> resize(const Picture &picture, int width, int height, std::string &error, SkipFilter filter) {
  std::string reason;
  if (pictureSizeAllowed(width, height, reason))
    return scaled(picture, width, height, filter);
  error = "cannot resize a picture of " + std::to_string(picture.width) + " x " + std::to_string(picture.height) + " to " +
          std::to_string(width) + " x " + std::to_string(height) + ": " + reason;
  return std::nullopt;
}

std::optional<Picture> resizeShorterSide(const Picture &picture, int size, std::string &error, SkipFilter filter) {
  int64_t shorter = std::min(picture.width, picture.height);
  auto length = [&](int side) {
    return static_cast<int>(std::min<int64_t>(runtime::scaledLength(side, shorter, size), INT32_MAX));
  };
  return resize(picture, length(picture.width), length(picture.height), error, filter);
}

Picture centerCrop(const Picture &picture, int width, int height) {
  Picture out = blackPicture(width, height);
  auto left = static_cast<int>(runtime::marginFor(picture.width - width));
  auto top = static_cast<int>(runtime::marginFor(picture.height - height));
  int columns = std::min(width, picture.width), rows = std::min(height, picture.height);
  for (int row = 0; row < rows; ++row) {
    int64_t from = int64_t{row + std::max(top, 0)} * picture.width + std::max(left, 0);
    int64_t to = int64_t{row + std::max(-top, 0)} * width + std::max(-left, 0);
    std::memcpy(out.rgb.data() + 3 * to, picture.rgb.data() + 3 * from, size_t{3} * static_cast<size_t>(columns));
  }
  return out;
}

Picture grey(const Picture &picture) {
  size_t pixels = picture.rgb.size() / 3;
  std::vector<uint8_t> values(pixels);
  runtime::makeGrey(picture.rgb.data(), SKIP_RGB, static_cast<int64_t>(pixels), values.data());
  Picture out = picture;
  for (size_t i = 0; i < out.rgb.size(); ++i)
    out.rgb[i] = values[i / 3];
  return out;
}

} // namespace skip::data
