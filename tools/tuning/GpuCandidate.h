// One way to compute one contraction on a GPU, as a library of its own: compiled here, measured where a GPU is.
#pragma once

#include "ir/plan/Plan.h"
#include "ir/plan/cuda/Tuning.h"

#include "llvm/Support/Error.h"
#include "mlir/IR/MLIRContext.h"

#include <string>

namespace skip::tool {

/// What the functions of such a library begin with.
inline constexpr const char *candidateName = "candidate";

/// Writes to `path` the library of a network of the problem alone, planned by the choice. False, and no file, where a build
/// would not follow the choice. It has code for the architecture alone.
llvm::Expected<bool> writeGpuCandidate(mlir::MLIRContext &context, const plan::CudaProblem &problem,
                                       const plan::CudaChoice &choice, plan::Architecture architecture, unsigned threads,
                                       const std::string &path);

} // namespace skip::tool
