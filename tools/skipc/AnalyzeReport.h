// What `skipc analyze` found, in words and as a picture.
#pragma once

#include "tools/skipc/Options.h"

#include "llvm/ADT/ArrayRef.h"

#include <string>
#include <vector>

namespace skip::tool {

struct AnalyzedLayer {
  std::string name;
  double deviation = 0;
};

struct AnalyzedModel {
  std::string title, weights;
  int64_t images = 0;
  std::vector<AnalyzedLayer> layers; ///< in the order of execution
};

/// A table for each model, or one JSON object, as the options say.
void printResponses(llvm::ArrayRef<AnalyzedModel> models, const Options &options);

/// Figure 7: above in the order of the layers, below from the largest to the least.
std::string responsesSvg(llvm::ArrayRef<AnalyzedModel> models);

} // namespace skip::tool
