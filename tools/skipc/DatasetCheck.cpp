// What is wrong with a picture would else end an evaluation when it comes to it, which may be after hours.
#include "tools/skipc/DatasetCheck.h"

#include "support/Printable.h"

#include <chrono>

using namespace skip;

llvm::Error tool::checkLabels(const Options &options, const data::Dataset &dataset, const tool::OutputPort &output) {
  if (dataset.classes() && *dataset.classes() != output.elements())
    return tool::badInput(quotedName(options.data) + " has " + llvm::Twine(*dataset.classes()) +
                          " classes, and the model's output `" + output.name + "` " + llvm::Twine(output.elements()));
  uint32_t largest = 0;
  for (size_t i = 0; i < dataset.size(); ++i) {
    if (dataset.label(i) >= output.elements())
      return tool::badInput("`" + llvm::Twine(dataset.name(i)) + "` has class " + llvm::Twine(dataset.label(i)) +
                            ", the model has " + llvm::Twine(output.elements()) + " classes, 0 to " +
                            llvm::Twine(output.elements() - 1));
    largest = std::max(largest, dataset.label(i));
  }
  constexpr int64_t manyTimes = 10;
  if ((int64_t(largest) + 1) * manyTimes < output.elements())
    tool::note("the labels go up to " + llvm::Twine(largest) + ", and the model has " + llvm::Twine(output.elements()) +
               " classes: are they those of the model?");
  return llvm::Error::success();
}

/// Headers of pictures spread evenly over the data set: a list with the wrong folder, or pictures of another size, are seen at
/// any of them. A folder on a slow disk is not read for longer than a moment.
static llvm::Error lookAtHeaders(const tool::Options &options, const data::Dataset &dataset,
                                 const tool::Preprocessing &preprocessing) {
  constexpr size_t most = 1000;
  constexpr std::chrono::seconds longest(2);
  const auto end = std::chrono::steady_clock::now() + longest;
  const size_t count = std::min(dataset.size(), most);
  for (size_t i = 0; i < count && std::chrono::steady_clock::now() < end; ++i) {
    const size_t index = count < 2 ? 0 : i * (dataset.size() - 1) / (count - 1); // the first and the last are among them
    std::string error;
    std::optional<data::Picture> header = dataset.header(index, error);
    if (!header && !options.skipBroken)
      return tool::badInput(error);
    if (header && !preprocessing.takes(*header, error))
      return tool::badInput(quotedName(dataset.name(index)) + ": " + error);
  }
  return llvm::Error::success();
}

llvm::Error tool::checkPictures(const Options &options, const data::Dataset &dataset, const Preprocessing &preprocessing,
                                const InputPort &input) {
  std::string error;
  if (std::optional<int> side = dataset.side(); side && !options.asIs && (input.dims[1] != *side || input.dims[2] != *side))
    note("the pictures have " + llvm::Twine(*side) + " x " + llvm::Twine(*side) + " pixels, the model's input " +
         llvm::Twine(input.dims[2]) + " x " + llvm::Twine(input.dims[1]) + ": they are fitted to it");
  std::optional<data::Picture> picture = dataset.picture(0, error);
  if (!picture && !options.skipBroken)
    return badInput(error);
  std::vector<float> values(static_cast<size_t>(input.elements()));
  if (picture && !preprocessing.apply(*picture, values.data(), error))
    return badInput("`" + dataset.name(0) + "`: " + error);
  return lookAtHeaders(options, dataset, preprocessing);
}
