// From pictures to a model's input.
#pragma once

#include "tools/compile/Ports.h"
#include "tools/data/Fit.h"

#include "llvm/Support/Error.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace skip::tool {

/// What the spec says of pictures, overridden.
struct PictureOptions {
  std::vector<double> mean, deviation;
  bool asIs = false; ///< pictures have the input's size
  bool exif = false; ///< pictures are turned upright
};

/// The table of README.md, for help texts.
extern const char *const pictureRule;

/// How pictures become a model's input: as its spec says, or as --mean and --std say.
class Preprocessing {
public:
  /// An error if pictures do not fit the model: it must have one input, of three channels or of one.
  static llvm::Expected<Preprocessing> of(const Ports &ports, const PictureOptions &options);

  /// Writes the picture's normalised planes, [channels, height, width], to `out`, scaled and cropped as docs/preprocessing.md
  /// says. False, with a message, where that is impossible.
  bool apply(const data::Picture &picture, float *out, std::string &error) const;

  /// Whether a picture of that size can be used, which need have no pixels; false, with a message, if not.
  bool takes(const data::Picture &picture, std::string &error) const;

  const data::Fit &fitting() const { return fit; }
  const std::array<float, 3> &means() const { return mean; }
  const std::array<float, 3> &deviations() const { return deviation; }

private:
  data::Fit fit;
  std::array<float, 3> mean{}, deviation{1, 1, 1};
  bool avx2 = false; ///< of this CPU
  bool exif = false;
};

} // namespace skip::tool
