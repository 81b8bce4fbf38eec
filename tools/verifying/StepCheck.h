// Runs a plan on its own intermediate values and compares each step with the reference.
#pragma once

#include "ir/plan/Plan.h"
#include "tools/data/Progress.h"
#include "tools/running/RunningBody.h"
#include "tools/running/RandomInput.h"
#include "tools/verifying/StepReference.h"

#include <optional>

namespace skip::tool {

struct StepError {
  std::string step, isa; ///< the step's name, or that of the one of its results
  int64_t batch = 0;
  double error = 0;        ///< max|c - r| / max|r|
  double bound = 0;        ///< plan::errorBoundOf
  double elementError = 0; ///< max of |c - r| / M, M an element's magnitude (Magnitude.h)
  double elementBound = 1;
  double elementAtMost = 1; ///< whatever the weights and inputs
  int64_t index = 0;        ///< of the step in its plan: a name may be that of several
  int64_t result = 0;       ///< of the step

  bool isWithin() const { return error <= bound && elementError <= elementBound; }
  /// Of like terms: seen up to 15 times what unlike ones lose.
  bool isPossible() const {
    constexpr double alike = 30;
    return error <= alike * bound && elementError <= elementAtMost && elementError <= alike * elementBound;
  }
};

/// The one that is nearest to its bound or farthest beyond it, a NaN above all numbers; errors must not be empty.
const StepError &worstOf(llvm::ArrayRef<StepError> errors);
/// The same by errors of elements.
const StepError &worstElementOf(llvm::ArrayRef<StepError> errors);

/// Checks one variant of a plan on `images` images, on all `bodies` at once. The first leads. The reference of a step is
/// computed once, from the values that the leading body's steps gave; the other bodies run the same step, are compared with the
/// same reference, and go on with the leader's values, so that each step of each body is judged on its own. The workspace and
/// the outputs hold NaN before.
llvm::Expected<std::vector<StepError>> checkSteps(mlir::func::FuncOp variant, const StepReference &reference,
                                                  const RandomInput &input, int64_t images,
                                                  llvm::ArrayRef<std::unique_ptr<RunningBody>> bodies,
                                                  data::Progress &progress);

} // namespace skip::tool
