// Where a net's blocks are: parts with one value in and one value out, by the names of their parameters.
#pragma once

#include "tools/import/Uses.h"

namespace skip::onnx {

/// One use of a block: `layer1.0`.
struct Instance {
  std::string path;
  std::vector<size_t> calls; ///< ascending
  ValueId entry = 0, exit = 0;
};

/// In the order of the net. Calls that are in none stand by themselves.
std::vector<Instance> findInstances(const Net &net);

/// Operations on each element of one shape: behind a block they are a part of it.
bool isElementwise(llvm::StringRef operation);

} // namespace skip::onnx
