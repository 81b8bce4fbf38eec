// The rows of the table in docs/preprocessing.md.
#include "tools/data/Fit.h"

#include "tools/data/Resize.h"

namespace skip::data {

SkipPicture ruleOf(const Fit &fit) {
  SkipPicture rule{};
  rule.channels = static_cast<uint32_t>(fit.channels);
  rule.filter = fit.filter;
  if (!fit.asIs) {
    rule.resize[0] = fit.resizeWidth ? fit.resizeHeight : fit.resize;
    rule.resize[1] = fit.resizeWidth;
    rule.crop = fit.crops ? fit.width : 0;
  }
  for (float &deviation : rule.deviation)
    deviation = 1;
  return rule;
}

bool sizeFits(const Picture &picture, const Fit &fit, std::string &error) {
  if (!fit.asIs || (picture.width == fit.width && picture.height == fit.height))
    return true;
  error = "it has " + std::to_string(picture.width) + " x " + std::to_string(picture.height) +
          " pixels, and with --as-is it must have the input's " + std::to_string(fit.width) + " x " +
          std::to_string(fit.height) + "; leave out --as-is to have pictures scaled";
  return false;
}

static std::optional<Picture> scaledFor(const Picture &picture, const Fit &fit, std::string &error) {
  if (fit.resizeWidth)
    return resize(picture, fit.resizeWidth, fit.resizeHeight, error, fit.filter);
  if (fit.resize)
    return resizeShorterSide(picture, fit.resize, error, fit.filter);
  return fit.crops ? picture : resize(picture, fit.width, fit.height, error, fit.filter);
}

static std::optional<Picture> fitColours(const Picture &picture, const Fit &fit, std::string &error) {
  if (fit.asIs)
    return picture;
  std::optional<Picture> scaled = scaledFor(picture, fit, error);
  return scaled ? std::optional(centerCrop(*scaled, fit.width, fit.height)) : std::nullopt;
}

std::optional<Picture> fitPicture(const Picture &picture, const Fit &fit, std::string &error) {
  if (!sizeFits(picture, fit, error))
    return std::nullopt;
  return fit.channels == 1 ? fitColours(grey(picture), fit, error) : fitColours(picture, fit, error);
}

} // namespace skip::data
