// The steps of a plan for x86: by which way each is computed, and what the others would cost.
#pragma once

#include "ir/plan/Plan.h"
#include "tools/tuning/Body.h"
#include "tools/tuning/Peak.h"

#include <limits>
#include <string>

namespace skip::plan {
class TuningTable;
} // namespace skip::plan

namespace skip::tool {

/// What a way takes that there is not.
inline constexpr double noWay = std::numeric_limits<double>::infinity();

/// One step and what is said of it. Times in seconds; `noWay` where there is no such way.
struct StepAccount {
  std::string step, layer, operations, taken, why;
  std::string measuredOn; ///< whose measurements chose its way, or of one way its schedule; empty where the cost model did
  double multiplying = 0; // by the way taken
  double moving = 0;      // of a step that multiplies nothing: what it reads and writes
  int64_t images = 0;
  double savedBytes = 0, savedSeconds = 0; // by the epilogue
  double direct = 0, separate = 0, fused = 0, strassen = 0;
  double errorBound = 0;                      // of the step's largest value
  double elementBound = 0, elementAtMost = 0; // of an element's terms: where these are unlike; whatever they are

  double seconds() const { return multiplying + moving; }
};

/// Of a step for batches up to `batch`; times are the cost model's (ir/plan/x86/Algorithms.h) at `peak`. `exact`: the plan was
/// made by --exact. `tuned`: what the plan was made by.
StepAccount accountOf(plan::KernelOp kernel, int64_t batch, bool exact, Body body, const Peak &peak,
                      const plan::TuningTable &tuned);

} // namespace skip::tool
