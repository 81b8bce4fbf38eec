// A network's outputs against the reference's, from its inputs on.
#pragma once

#include "tools/running/Outputs.h"
#include "tools/running/RandomInput.h"
#include "tools/verifying/StepReference.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace skip::tool {

/// How far outputs may be from the reference, relative to the largest value of each: the errors of all steps together, and
/// where steps round to less than f32, values on the way that lie between two such numbers and come out as the other one.
double outputBound(plan::Precision precision);

/// Whether `model` is so small that the reference can compute it once more.
bool isSmallEnough(mlir::func::FuncOp model, int64_t images);

/// All outputs of the reference graph `model` in double precision. Magnitudes are of the terms since the last tensor of many
/// elements, whose largest value says how far off they are.
llvm::Expected<std::vector<Measured>> expectedOutputs(mlir::func::FuncOp model, const Checkpoint &parameters,
                                                      const RandomInput &input, int64_t images);

/// The same where steps multiply or store less than f32: the reference computes each step of `variant` from what it computed
/// for those before, rounded as they store it.
llvm::Expected<std::vector<Measured>> roundedOutputs(mlir::func::FuncOp variant, const StepReference &reference,
                                                     const RandomInput &input, int64_t images);

/// The largest error of an output, relative to its own largest value, or where all its values cancel to a tenth of its largest
/// magnitude; NaN if any value is NaN.
double outputError(const Outputs &outputs, llvm::ArrayRef<Measured> expected);

} // namespace skip::tool
