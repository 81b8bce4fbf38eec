// What candidates of one problem are given, and what they must give.
#pragma once

#include "ir/plan/cuda/Tuning.h"

#include <string>
#include <vector>

namespace skip::timing {

/// An element of the output, and its exact value.
struct Expected {
  size_t index;
  float value;
};

size_t elementsOf(const std::vector<int64_t> &dims);

struct Arrays {
  explicit Arrays(const plan::CudaProblem &problem);

  std::vector<int64_t> inputDims, outputDims; ///< of all images
  std::vector<float> input;
  std::string weights; ///< a checkpoint
  std::vector<Expected> expected;

  /// The first element that is not what it must be: nothing where all are. Of a result in 16 bits the value rounded to them is
  /// right too.
  const Expected *firstWrong(const std::vector<float> &output, plan::CudaPrecision precision) const;
};

} // namespace skip::timing
