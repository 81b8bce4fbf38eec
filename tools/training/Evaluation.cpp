// Each picture that can be used once, in batches of the largest size that the library was built for.
#include "tools/training/Evaluation.h"

#include "tools/text/Failure.h"

#include <cmath>

using namespace skip;
using tool::Evaluation;
using tool::Score;

/// The context takes the new weights before the old ones go.
llvm::Error Evaluation::bind() {
  loaded::Weights current;
  if (llvm::Error error = trainer.weights().moveInto(current))
    return error;
  const loaded::LoadedModel &library = trainer.model();
  if (!context) {
    skip_context_options options{};
    options.pool = trainer.threads();
    if (llvm::Error error = library.makeContext(current.get(), options).moveInto(context))
      return badInput(llvm::toString(std::move(error)));
  } else if (llvm::Error error = library.check(library.api().contextBind(context.get(), current.get()))) {
    return internalError("evaluate", std::move(error));
  }
  weights = std::move(current);
  return llvm::Error::success();
}

/// As a step counts (runtime/training/Step.cpp).
bool tool::isRight(llvm::ArrayRef<float> logits, int32_t label) {
  auto place = static_cast<size_t>(label);
  float chosen = logits[place];
  if (std::isnan(chosen))
    return false;
  for (size_t k = 0; k < logits.size(); ++k)
    if (k < place ? !(logits[k] < chosen) : logits[k] > chosen)
      return false;
  return true;
}

void Evaluation::count(const data::Batch &batch, llvm::ArrayRef<float> logits, Score &sum) const {
  for (size_t i = 0; i < batch.labels.size(); ++i) {
    llvm::ArrayRef<float> row = logits.slice(i * static_cast<size_t>(classes), static_cast<size_t>(classes));
    const float *most = std::max_element(row.begin(), row.end());
    double total = 0;
    for (float logit : row)
      total += std::exp(double{logit} - *most);
    sum.loss += *most - row[static_cast<size_t>(batch.labels[i])] + std::log(total);
    sum.error += !isRight(row, static_cast<int32_t>(batch.labels[i]));
  }
}

llvm::Expected<Score> Evaluation::run() {
  if (llvm::Error error = bind())
    return error;
  const loaded::LoadedModel &library = trainer.model();
  auto atOnce = static_cast<size_t>(library.maxBatch());
  std::unique_ptr<data::Loader> loader = pictures.validationBatches(atOnce, loaderThreads);
  std::vector<float> logits(atOnce * static_cast<size_t>(classes));
  data::Batch batch;
  std::string problem;
  Score sum;
  double counted = 0;
  while (loader->next(batch, problem)) {
    if (llvm::Error error =
            library.run(context, static_cast<int64_t>(batch.labels.size()), {batch.pixels.data()}, {logits.data()}))
      return internalError("evaluate", std::move(error));
    count(batch, logits, sum);
    counted += static_cast<double>(batch.labels.size());
  }
  if (!problem.empty())
    return badInput(problem);
  bad = loader->badPictures();
  return Score{sum.loss / counted, sum.error / counted};
}
