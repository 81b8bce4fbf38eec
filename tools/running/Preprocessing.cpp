// Resize, crop, normalise.
#include "tools/running/Preprocessing.h"

#include "runtime/Cpu.h"
#include "runtime/picture/Input.h"
#include "tools/data/Exif.h"
#include "tools/data/Scratch.h"
#include "tools/text/Failure.h"

#include <cmath>

using namespace skip;
using tool::Preprocessing;

const char *const tool::pictureRule =
    "What becomes of a picture, for an input of W x H (where less than W x H is there to cut from, black lies around it):\n"
    "  the input declares              another size than W x H                               W x H\n"
    "  neither resize nor crop         scaled to W x H as a whole                            not changed\n"
    "  resize = [Y, X]                 scaled to X x Y as a whole, then the middle W x H     the same\n"
    "  crop = C (W = H = C)            the middle C x C, not scaled                          not changed\n"
    "  resize = R, with crop or not    the shorter side scaled to R, then the middle W x H   the same\n"
    "  anything, and --as-is is given  refused                                               not changed\n"
    "Scaled bilinearly, or with filter = \"bicubic\" so, with antialiasing. An input of one channel takes the grey of colours.";

/// Takes the flag's numbers, else the spec's, else leaves the default.
static llvm::Error choose(llvm::StringRef flag, llvm::ArrayRef<double> given, llvm::ArrayRef<double> declared, size_t channels,
                          std::array<float, 3> &chosen) {
  if (!given.empty() && given.size() != channels)
    return tool::badInput(flag + " takes " +
                          (channels == 1 ? "one number for the one channel" : "three numbers, one for each channel") +
                          ", and was given " + llvm::Twine(given.size()));
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
  if (ports.inputs.size() != 1 || ports.inputs[0].dims.size() != 3 ||
      (ports.inputs[0].dims[0] != 3 && ports.inputs[0].dims[0] != 1))
    return badInput("the model does not take pictures: it needs one input, of three channels or, for grey, of one");
  const InputPort &input = ports.inputs[0];
  if (input.dims[1] > data::maxPictureSide || input.dims[2] > data::maxPictureSide)
    return badInput("the model's input is " + shapeText(input.dims) + ", no picture is that large");
  auto channels = static_cast<size_t>(input.dims[0]);
  Preprocessing made;
  made.fit.height = static_cast<int>(input.dims[1]);
  made.fit.width = static_cast<int>(input.dims[2]);
  made.fit.resize = static_cast<int>(input.resize);
  made.fit.resizeHeight = static_cast<int>(input.resizeHeight);
  made.fit.resizeWidth = static_cast<int>(input.resizeWidth);
  made.fit.crops = input.resize > 0 || input.resizeWidth > 0 || input.crop > 0;
  made.fit.filter = input.bicubic ? SKIP_FILTER_BICUBIC : SKIP_FILTER_BILINEAR;
  made.fit.channels = static_cast<int>(input.dims[0]);
  made.avx2 = runtime::hasAvx2();
  made.fit.asIs = options.asIs;
  made.exif = options.exif;
  if (llvm::Error error = choose("--mean", options.mean, input.mean, channels, made.mean))
    return error;
  if (llvm::Error error = choose("--std", options.deviation, input.deviation, channels, made.deviation))
    return error;
  return made;
}

static bool place(const runtime::PictureInput &input, const data::Picture &picture, runtime::Placement &placement,
                  std::string &error) {
  bool placed = runtime::placePicture(input, picture.width, picture.height, placement);
  if (!placed)
    error = "it is too narrow to be scaled: it has " + std::to_string(picture.width) + " x " + std::to_string(picture.height) +
            " pixels";
  return placed;
}

bool Preprocessing::takes(const data::Picture &picture, std::string &error) const {
  constexpr int firstThatLies = 5;
  data::Picture size{picture.width, picture.height, {}};
  if (exif && picture.orientation >= firstThatLies)
    std::swap(size.width, size.height);
  runtime::Placement placement;
  SkipPicture rule = data::ruleOf(fit);
  return data::sizeFits(size, fit, error) && place({rule, fit.height, fit.width}, size, placement, error);
}

bool Preprocessing::apply(const data::Picture &picture, float *out, std::string &error) const {
  if (exif && picture.orientation != 1)
    return apply(data::upright(picture), out, error);
  if (!data::sizeFits(picture, fit, error))
    return false;
  SkipPicture rule = data::ruleOf(fit);
  std::copy(mean.begin(), mean.end(), rule.mean);
  std::copy(deviation.begin(), deviation.end(), rule.deviation);
  runtime::PictureInput input{rule, fit.height, fit.width};
  runtime::PictureView view{picture.rgb.data(), picture.width, picture.height, int64_t{3} * picture.width, SKIP_RGB};
  runtime::Placement placement;
  if (!place(input, picture, placement, error))
    return false;
  data::Scratch scratch(runtime::fillBytes(input, view, placement));
  runtime::fillInput(input, view, placement, scratch.get(), avx2, out);
  return true;
}
