// Which of a file's tensors may be which of a model's, where the names do not say it.
#pragma once

#include "tools/weights/Naming.h"

namespace skip::tool {

struct TensorPair {
  const NamedShape *ofFile, *ofModel;
};

/// The likeliest pairs of tensors of one shape, but for ones at its end, and of one kind (a weight, a bias, a mean, a
/// variance), where the names tell it: in the order of file and model or of their names, with those first whose names end alike
/// or not, whichever takes the fewest renames. Each tensor is in one pair at most.
std::vector<TensorPair> pairTensors(llvm::ArrayRef<NamedShape> ofFile, llvm::ArrayRef<NamedShape> ofModel);

/// Few renames of labels by which all pairs meet, the longest labels first.
std::vector<Rename> renamesFor(llvm::ArrayRef<TensorPair> pairs);

} // namespace skip::tool
