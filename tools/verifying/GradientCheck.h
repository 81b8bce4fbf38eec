// A group's loss and gradients, from the pictures on.
#pragma once

#include "ir/reference/Tensor.h"
#include "tools/running/GuardedTrainer.h"
#include "tools/running/RandomInput.h"
#include "tools/weights/Checkpoint.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <string>
#include <vector>

namespace skip::tool {

/// How far the gradients of a group may be from the reference's, all together, as vectors: |g - r| / |r|. A relu that lets an
/// element through which the reference does not moves them by more than roundings do.
inline constexpr double gradientBound = 1e-2;

/// How far they are; NaN if anything is NaN. The loss is relative to itself and 1.
struct GradientError {
  double loss = 0, gradients = 0;
};

/// Results of a gradients function in double precision.
llvm::Expected<std::vector<reference::Tensor>> expectedGradients(mlir::func::FuncOp model, const Checkpoint &parameters,
                                                                 const RandomInput &input, int64_t images);

/// What `trainer` left in its last run, which `variant` says how to read, against that.
GradientError gradientError(const GuardedTrainer &trainer, mlir::func::FuncOp variant,
                            llvm::ArrayRef<reference::Tensor> expected);

/// What is wrong with a trainer's runs, one sentence each: runs `first` in memory that holds NaN; then `other`, all images and
/// fewer; then `first` again, which must give the same bits. Nothing may be written beside an array, no parameter may change,
/// and what is padding in gradients must be zero. The last run is of `first`.
llvm::Expected<std::vector<std::string>> checkGroups(GuardedTrainer &trainer, mlir::func::FuncOp variant,
                                                     const RandomInput &first, const RandomInput &other, int64_t images);

/// The mean of so many groups' gradients as a trainer has to add them, as the leaves of a binary tree, in float32 without
/// denormals.
std::vector<float> meanOfGroups(llvm::ArrayRef<std::vector<float>> groups);

/// What is wrong with the mean over a step's groups: it must have the bits of `meanOfGroups` of what each leaves alone.
llvm::Expected<std::vector<std::string>> checkSums(GuardedTrainer &trainer, llvm::ArrayRef<RandomInput> groups, int64_t images);

} // namespace skip::tool
