// A network's outputs against the reference's, from its inputs on.
#pragma once

#include "tools/running/Outputs.h"
#include "tools/running/RandomInput.h"
#include "tools/weights/Checkpoint.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace skip::tool {

/// How far outputs may be from the reference, relative to the largest value of each: the errors of all steps together.
inline constexpr double outputBound = 1e-3;

/// Whether `model` is so small that the reference can compute it once more.
bool isSmallEnough(mlir::func::FuncOp model, int64_t images);

/// All outputs of a reference graph in double precision.
llvm::Expected<std::vector<reference::Tensor>> expectedOutputs(mlir::func::FuncOp model, const Checkpoint &parameters,
                                                               const RandomInput &input, int64_t images);

/// The largest error of an output, relative to its own largest value; NaN if any value is NaN.
double outputError(const Outputs &outputs, llvm::ArrayRef<reference::Tensor> expected);

} // namespace skip::tool
