// From an ONNX graph to a net.
#pragma once

#include "tools/import/Net.h"

#include "llvm/Support/Error.h"

namespace skip::onnx {

/// The network in Skip's operations, or an error that names the first node that none of them is. Calls have the paths that the
/// file's names give them, which may be empty or stand there twice.
llvm::Expected<Net> mapModel(const Model &model);

} // namespace skip::onnx
