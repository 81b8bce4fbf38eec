// What a step multiplies and stores where that is less than f32: the reference multiplies the same.
//
// Rounding a filter to bf16 changes a result by far more than a wrong sum of its products might. So the reference takes filters
// as the load table stores them, a batch norm folded in, and of tf32 also pictures as they are multiplied. What is left between
// it and a kernel are sums in f32, and one rounding where the result is stored.
#pragma once

#include "ir/plan/Plan.h"
#include "ir/reference/Tensor.h"
#include "tools/weights/Checkpoint.h"

#include "llvm/ADT/StringMap.h"

namespace skip::tool {

/// How the load table stores a filter, and the batch norm that it multiplies it by, by its parameters' names; empty: by none.
struct StoredFilter {
  plan::Element element = plan::Element::f32;
  std::string gamma, variance;
  double epsilon = 0;

  bool operator==(const StoredFilter &) const = default;
};

struct StepPrecision {
  StepPrecision() = default;
  explicit StepPrecision(plan::KernelOp kernel);

  plan::Precision precision = plan::Precision::f32;
  llvm::StringMap<StoredFilter> filters; ///< by parameter: those that are multiplied as something else
  double stored = 0;                     ///< relative error of the result's rounding
  double smallest = 0;                   ///< its error where that is larger, of numbers near zero
  double multiplied = 0;                 ///< relative error of the terms, where `filters` cannot say what is multiplied
  double truncated = 0;                  ///< of tensor cores' sums, beside that of sums in f32

  bool isNarrow() const { return precision != plan::Precision::f32; }
};

/// The filter that gives, multiplied by its batch norm, what the contraction multiplies.
reference::Tensor multipliedFilter(reference::Tensor filter, const StoredFilter &how, plan::Precision precision,
                                   const Checkpoint &parameters);

/// What a contraction multiplies of its picture.
reference::Tensor multipliedPicture(reference::Tensor picture, plan::Precision precision);

} // namespace skip::tool
