// Resize, crop, normalise.
#include "tools/running/Preprocessing.h"

#include "tools/data/Normalize.h"
#include "tools/text/Failure.h"

#include <cmath>

using namespace skip;
using tool::Preprocessing;

const char *const tool::pictureRule =
    "What becomes of a picture, for an input of W x H (where less than W x H is there to cut from, black lies around it):\n"
    "  the input declares              another size than W x H                               W x H\n"
    "  neither resize nor crop         scaled to W x H as a whole                            not changed\n"
    "  crop = C (W = H = C)            the middle C x C, not scaled                          not changed\n"
    "  resize = R, with crop or not    the shorter side scaled to R, then the middle W x H   the same\n"
    "  anything, and --as-is is given  refused                                               not changed";

/// Takes the flag's numbers, else the spec's, else leaves the default.
static llvm::Error choose(llvm::StringRef flag, llvm::ArrayRef<double> given, llvm::ArrayRef<double> declared,
                          std::array<float, 3> &chosen) {
  if (!given.empty() && given.size() != 3)
    return tool::badInput(flag + " takes three numbers, one for each channel, and was given " + llvm::Twine(given.size()));
  llvm::ArrayRef<double> numbers = given.empty() ? declared : given;
  for (size_t i = 0; i < numbers.size(); ++i)
    chosen[i] = static_cast<float>(numbers[i]);
  if (!llvm::all_of(chosen, [](float value) { return std::isfinite(value); }))
    return tool::badInput(flag + " takes finite numbers");
  if (flag == "--std" && llvm::any_of(chosen, [](float value) { return value <= 0; }))
    return tool::badInput("--std must be above zero");
  return llvm::Error::success();
}

llvm::Expected<Preprocessing> Preprocessing::of(const Ports &ports, const PictureOptions &options) {
  if (ports.inputs.size() != 1 || ports.inputs[0].dims.size() != 3 || ports.inputs[0].dims[0] != 3)
    return badInput("the model does not take pictures: it needs one input of three channels");
  const InputPort &input = ports.inputs[0];
  if (input.dims[1] > data::maxPictureSide || input.dims[2] > data::maxPictureSide)
    return badInput("the model's input is " + shapeText(input.dims) + ", no picture is that large");
  Preprocessing made;
  made.fit.height = static_cast<int>(input.dims[1]);
  made.fit.width = static_cast<int>(input.dims[2]);
  made.fit.resize = static_cast<int>(input.resize);
  made.fit.crops = input.resize > 0 || input.crop > 0;
  made.fit.asIs = options.asIs;
  if (llvm::Error error = choose("--mean", options.mean, input.mean, made.mean))
    return error;
  if (llvm::Error error = choose("--std", options.deviation, input.deviation, made.deviation))
    return error;
  return made;
}

bool Preprocessing::apply(const data::Picture &picture, float *out, std::string &error) const {
  std::optional<data::Picture> fitting = data::fitPicture(picture, fit, error);
  if (fitting)
    data::toNchwFloat(*fitting, mean.data(), deviation.data(), out);
  return fitting.has_value();
}
