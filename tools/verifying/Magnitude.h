// How large the terms are that a value is made of: what its rounding errors are measured against.
#pragma once

#include "ir/plan/Plan.h"
#include "ir/reference/Tensor.h"
#include "runtime/Abi.h"
#include "tools/verifying/Precision.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <optional>

namespace skip::tool {

/// A value as it should be, and for each of its elements the sum of |x||w| and of all else that is added up to it.
struct Measured {
  reference::Tensor value, magnitude;
};

/// The channels that Strassen's products add to each other, as far apart as these, in groups of twice as many.
struct StrassenPairs {
  int64_t inputs, outputs;
};

/// How a step computes the convolutions of its region, as far as that mixes terms of neighbouring elements, and in what
/// precision.
struct StepAlgorithms {
  StepAlgorithms() = default;
  /// Those of a step's kernel on bodies for the target's `columns`.
  StepAlgorithms(plan::KernelOp kernel, llvm::ArrayRef<std::string> columns);

  llvm::StringMap<int64_t> tiles; ///< of Winograd's convolutions, by the name of their filter's parameter or value
  int64_t gradientTile = 0;       ///< of Winograd's gradient of a filter, or 0
  double winograd = 0;            ///< the largest of their bounds; 0: there are none
  double winogradAtMost = 0;      ///< the same of what they can lose at the very most
  llvm::SmallVector<std::optional<StrassenPairs>, 2> strassen; ///< by body: of a step by Strassen's products
  std::optional<StrassenPairs> pairs;                          ///< what magnitudeOf counts in, of the body at hand
  int64_t terms = 1;                                           ///< that the region adds up to one element at most
  StepPrecision precision;

  /// How far an element may be off, of its magnitude, where roundings are not all on one side, as those of unlike terms are.
  double elementBound(size_t body) const;
  /// How far an element can be off, of its magnitude, whatever the weights and inputs.
  double elementAtMost(size_t body) const;
};

/// The magnitude of a value, from those of its operation's operands; an error if there is no rule for the operation.
llvm::Expected<reference::Tensor> magnitudeOf(mlir::OpResult value, llvm::ArrayRef<const Measured *> operands,
                                              const reference::Tensor &result, const StepAlgorithms &algorithms);

/// |x| of each element: the magnitude of what a step reads.
reference::Tensor absolute(const reference::Tensor &x);

/// max |c - r| / M, less what is flushed to zero and `smallest`; NaN if any value is NaN.
double elementError(const reference::Tensor &compiled, const reference::Tensor &reference, const reference::Tensor &magnitude,
                    int64_t terms, double smallest = 0);

} // namespace skip::tool
