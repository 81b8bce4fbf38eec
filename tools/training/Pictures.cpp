// From a recipe to loaders.
#include "tools/training/Pictures.h"

#include "support/Printable.h"
#include "tools/data/Order.h"
#include "tools/text/Failure.h"
#include "tools/training/Hash.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
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
    return badInput("`hold_out` of " + llvm::Twine(recipe.holdOut) + " leaves no picture to train on: " + quotedName(path) +
                    " has " + llvm::Twine(count));
  made.holdsOut = recipe.holdOut > 0;
  if (made.holdsOut) {
    data::Split split = data::split(static_cast<uint32_t>(count), static_cast<uint32_t>(recipe.holdOut));
    made.training = std::move(split.training);
    made.validation = std::move(split.heldOut);
  } else {
    made.training = allOf(dataset);
    if (made.opened.validation) {
      if (llvm::Error error = checkLabels(*made.opened.validation, recipe))
        return error;
      made.validation = allOf(*made.opened.validation);
    }
  }
  if (llvm::Error error = made.checkValidation())
    return error;
  return made;
}

/// An evaluation comes after many steps, which would be lost.
llvm::Error Pictures::checkValidation() const {
  if (validation.empty())
    return llvm::Error::success();
  data::Batch batch;
  std::string problem;
  if (validationBatches(1, 0)->next(batch, problem))
    return llvm::Error::success();
  return badInput("to validate on, " + llvm::Twine(problem));
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

/// The shortest texts that are these numbers alone.
static std::string textOf(const float *values, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    std::array<char, 32> number{};
    const char *end = std::to_chars(number.begin(), number.end(), values[i]).ptr;
    text += (i ? " " : "") + std::string(number.data(), static_cast<size_t>(end - number.data()));
  }
  return text;
}

std::vector<std::pair<std::string, std::string>> Pictures::settings() const {
  return {{"mean", textOf(plain.mean, plain.fit.channels)},
          {"std", textOf(plain.std, plain.fit.channels)},
          {"as_is", plain.fit.asIs ? "true" : "false"}};
}

/// Every 47th byte, which meets all channels, rows and columns.
static void addSample(tool::Hash &hash, const data::Picture &picture) {
  std::string sample;
  for (size_t at = 0; at < picture.rgb.size(); at += 47)
    sample += static_cast<char>(picture.rgb[at]);
  hash.add(sample);
}

/// A file that has gone is of size -1; the loader says what is the matter with it.
static void addFile(tool::Hash &hash, const std::filesystem::path &path) {
  std::error_code code;
  uintmax_t bytes = std::filesystem::file_size(path, code);
  hash.add(path.filename().string());
  hash.add(code ? int64_t{-1} : static_cast<int64_t>(bytes));
}

static std::string fingerprintOf(const data::Dataset &dataset) {
  tool::Hash hash;
  std::string problem;
  for (size_t i = 0; i < dataset.size(); ++i) {
    hash.add(int64_t{dataset.label(i)});
    if (!dataset.side()) // files
      addFile(hash, dataset.name(i));
    else if (std::optional<data::Picture> picture = dataset.picture(i, problem))
      addSample(hash, *picture);
  }
  return hash.text();
}

std::string Pictures::fingerprint() const { return fingerprintOf(*opened.training); }

std::string Pictures::validationFingerprint() const {
  return holdsOut || validation.empty() ? "" : fingerprintOf(*opened.validation);
}
