// From a recipe to loaders.
#include "tools/training/Pictures.h"

#include "tools/data/Order.h"
#include "tools/text/Failure.h"

#include <algorithm>
#include <numeric>

using namespace skip;
using frontend::Recipe;
using tool::Pictures;

static data::Augmentation plainly(const tool::Preprocessing &preprocessing) {
  data::Augmentation how;
  how.fit = preprocessing.fitting();
  std::copy_n(preprocessing.means().begin(), 3, how.mean);
  std::copy_n(preprocessing.deviations().begin(), 3, how.std);
  return how;
}

static data::Augmentation augmentationOf(const Recipe &recipe, data::Augmentation how) {
  switch (recipe.augment.kind) {
  case Recipe::Augment::None:
    break;
  case Recipe::Augment::Crop:
    how.crop = data::Augmentation::Crop::Padded;
    how.pad = static_cast<int>(recipe.augment.pad);
    break;
  case Recipe::Augment::Resize:
    how.crop = data::Augmentation::Crop::Resized;
    how.from = static_cast<int>(recipe.augment.from);
    how.to = static_cast<int>(recipe.augment.to);
    break;
  }
  how.flip = recipe.flip;
  how.colour = recipe.colour == Recipe::Colour::Pca ? recipe.deviation : 0;
  return how;
}

static std::vector<uint32_t> allOf(const data::Dataset &dataset) {
  std::vector<uint32_t> places(dataset.size());
  std::iota(places.begin(), places.end(), 0);
  return places;
}

static llvm::Error checkLabels(const data::Dataset &dataset, const Recipe &recipe) {
  std::string problem;
  return data::checkLabels(dataset, static_cast<uint32_t>(recipe.classes), problem) ? llvm::Error::success()
                                                                                    : tool::badInput(problem);
}

llvm::Expected<Pictures> Pictures::open(const std::string &path, const Recipe &recipe, const Preprocessing &preprocessing) {
  Pictures made;
  std::string problem;
  std::optional<data::TrainingData> opened = data::openTrainingData(path, problem);
  if (!opened)
    return badInput(problem);
  made.opened = std::move(*opened);
  const data::Dataset &dataset = *made.opened.training;
  if (llvm::Error error = checkLabels(dataset, recipe))
    return error;
  made.plain = plainly(preprocessing);
  made.augmented = augmentationOf(recipe, made.plain);
  auto count = static_cast<int64_t>(dataset.size());
  if (recipe.holdOut >= count)
    return badInput("`hold_out` of " + llvm::Twine(recipe.holdOut) + " leaves no picture to train on: `" + path + "` has " +
                    llvm::Twine(count));
  made.holdsOut = recipe.holdOut > 0;
  if (made.holdsOut) {
    data::Split split = data::split(static_cast<uint32_t>(count), static_cast<uint32_t>(recipe.holdOut));
    made.training = std::move(split.training);
    made.validation = std::move(split.heldOut);
    return made;
  }
  made.training = allOf(dataset);
  if (!made.opened.validation)
    return made;
  if (llvm::Error error = checkLabels(*made.opened.validation, recipe))
    return error;
  made.validation = allOf(*made.opened.validation);
  return made;
}

std::unique_ptr<data::Loader> Pictures::batches(const Recipe &recipe, uint64_t seed, uint64_t firstStep,
                                                unsigned threads) const {
  data::LoaderOptions options;
  options.indices = training;
  options.augmentation = augmented;
  options.batch = static_cast<size_t>(recipe.batch);
  options.seed = seed;
  options.shuffle = recipe.shuffle;
  options.firstBatch = firstStep;
  options.threads = threads;
  return std::make_unique<data::Loader>(*opened.training, std::move(options));
}

std::unique_ptr<data::Loader> Pictures::validationBatches(size_t batch, unsigned threads) const {
  data::LoaderOptions options;
  options.indices = validation;
  options.augmentation = plain;
  options.batch = batch;
  options.once = true;
  options.threads = threads;
  return std::make_unique<data::Loader>(holdsOut ? *opened.training : *opened.validation, std::move(options));
}
