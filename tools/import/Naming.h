// Paths for all operations that have parameters.
#pragma once

#include "tools/import/Net.h"

namespace skip::onnx {

/// Keeps the paths that a label can say, each once, and makes up those that are missing: for residual blocks by their place
/// (`layer2.0.conv1`), else by the operation (`conv3`).
void namePaths(Net &net);

} // namespace skip::onnx
