// Shortcuts of one block that differ in a pool.
#pragma once

#include "tools/import/Net.h"

namespace skip::onnx {

/// Gives projections a pool of one pixel, which does nothing, where those of other uses of the same block have one of the
/// stride's size: then all of them are one block. Paths are given.
void alignShortcuts(Net &net);

} // namespace skip::onnx
