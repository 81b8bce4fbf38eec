// What a training sees: which pictures are trained on and which are validated on, and how they become inputs.
#pragma once

#include "frontend/Recipe.h"
#include "tools/data/Loader.h"
#include "tools/data/TrainingData.h"
#include "tools/running/Preprocessing.h"

namespace skip::tool {

class Pictures {
public:
  /// Opens `path` (data::openTrainingData) for a model of so many classes. Those that the recipe holds out are validated on;
  /// where it holds out none, those that the path has for that, of which one at least must be a picture.
  static llvm::Expected<Pictures> open(const std::string &path, const frontend::Recipe &recipe,
                                       const Preprocessing &preprocessing);

  size_t trainedOn() const { return training.size(); }
  size_t validatedOn() const { return validation.size(); }
  /// Batches of the recipe's, for ever, from `firstStep` on.
  std::unique_ptr<data::Loader> batches(const frontend::Recipe &recipe, uint64_t seed, uint64_t firstStep,
                                        unsigned threads) const;
  /// Those to validate on, once, as inference takes them.
  std::unique_ptr<data::Loader> validationBatches(size_t batch, unsigned threads) const;
  /// What is made of every picture, whichever is drawn: names and values.
  std::vector<std::pair<std::string, std::string>> settings() const;
  /// Of the labels of all that is trained on (or held out), and of what is cheap to know of each picture: of records a sample
  /// of their pixels, of files their names and sizes, wherever the folder lies.
  std::string fingerprint() const;
  /// The same of pictures that are there for validation alone; empty where they are held out, or there are none.
  std::string validationFingerprint() const;
  const std::vector<std::string> &classNames() const { return opened.classes; }

private:
  llvm::Error checkValidation() const;

  data::TrainingData opened;
  std::vector<uint32_t> training, validation; ///< places in the data sets
  bool holdsOut = false;                      ///< `validation` are places in the set that is trained on
  data::Augmentation augmented, plain;
};

} // namespace skip::tool
