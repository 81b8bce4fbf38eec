// The best classes of one image.
#pragma once

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <vector>

namespace skip::tool {

struct Ranked {
  int64_t index;
  double probability;
};

/// The `count` largest of one image's outputs, the largest first; of equal ones the first. Probabilities are the softmax of
/// `outputs`, or with `areProbabilities` the outputs themselves.
std::vector<Ranked> rank(llvm::ArrayRef<float> outputs, int64_t count, bool areProbabilities);

} // namespace skip::tool
