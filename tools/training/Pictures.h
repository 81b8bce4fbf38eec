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
  /// where it holds out none, those that the path has for that.
  static llvm::Expected<Pictures> open(const std::string &path, const frontend::Recipe &recipe,
                                       const Preprocessing &preprocessing);

  size_t trainedOn() const { return training.size(); }
  size_t validatedOn() const { return validation.size(); }
  /// Batches of the recipe's, for ever, from `firstStep` on.
  std::unique_ptr<data::Loader> batches(const frontend::Recipe &recipe, uint64_t seed, uint64_t firstStep,
                                        unsigned threads) const;
  /// Those to validate on, once, as inference takes them.
  std::unique_ptr<data::Loader> validationBatches(size_t batch, unsigned threads) const;
  const std::vector<std::string> &classNames() const { return opened.classes; }

private:
  data::TrainingData opened;
  std::vector<uint32_t> training, validation; ///< places in the data sets
  bool holdsOut = false;                      ///< `validation` are places in the set that is trained on
  data::Augmentation augmented, plain;
};

} // namespace skip::tool
