// The rows of the table in docs/preprocessing.md.
#include "tools/data/Fit.h"

#include "tools/data/Resize.h"

namespace skip::data {

std::optional<Picture> fitPicture(const Picture &picture, const Fit &fit, std::string &error) {
  if (fit.asIs && (picture.width != fit.width || picture.height != fit.height)) {
    error = "it has " + std::to_string(picture.width) + " x " + std::to_string(picture.height) +
            " pixels, and with --as-is it must have the input's " + std::to_string(fit.width) + " x " +
            std::to_string(fit.height) + "; leave out --as-is to have pictures scaled";
    return std::nullopt;
  }
  if (fit.asIs)
    return picture;
  if (!fit.crops)
    return resize(picture, fit.width, fit.height, error);
  std::optional<Picture> scaled = fit.resize ? resizeShorterSide(picture, fit.resize, error) : picture;
  return scaled ? std::optional(centerCrop(*scaled, fit.width, fit.height)) : std::nullopt;
}

} // namespace skip::data
