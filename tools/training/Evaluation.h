// How good a trainer's weights are on pictures that it does not train on.
#pragma once

#include "tools/training/Pictures.h"
#include "tools/training/Trainer.h"

namespace skip::tool {

struct Score {
  double loss = 0, error = 0; ///< means over the pictures; the error is a share of 1
};

/// Whether the label's logit is the highest, of equal ones the first. NaN is no answer.
bool isRight(llvm::ArrayRef<float> logits, int32_t label);

/// Runs the inference half of a trainer's library, on the trainer's threads.
class Evaluation {
public:
  /// The trainer and the pictures, of which there are some to validate on, must live longer.
  Evaluation(const Trainer &trainer, const Pictures &pictures, int64_t classes, unsigned loaderThreads)
      : trainer(trainer), pictures(pictures), classes(classes), loaderThreads(loaderThreads) {}

  /// Of all pictures that can be used.
  llvm::Expected<Score> run();
  /// Those that could not, the last time.
  const std::vector<data::BadPicture> &badPictures() const { return bad; }

private:
  llvm::Error bind();
  void count(const data::Batch &batch, llvm::ArrayRef<float> logits, Score &sum) const;

  const Trainer &trainer;
  const Pictures &pictures;
  const int64_t classes;
  const unsigned loaderThreads;
  std::vector<data::BadPicture> bad;
  loaded::Weights weights;
  loaded::Context context; // goes before its weights
};

} // namespace skip::tool
