// The learning rate of each step: a recipe's schedule and warm-up, with the little that they remember.
//
// A trainer asks `learningRate` before a step, tells `noteTrainingError` after it, and where `looksAtError` says so evaluates
// and tells `noteError`. The memory is plain numbers, so that a checkpoint can hold it and a resumed run goes on the same way.
// All is +, -, x and / on doubles: the bits depend on no mathematical library.
#pragma once

#include "frontend/Recipe.h"

namespace skip::frontend {

/// What the schedule remembers from earlier steps. A new one is that of step 0.
struct RateMemory {
  bool warm = false;        ///< `until_error` has seen an error that is low enough
  double errorSum = 0;      ///< of the training errors since the last full window of `over` steps
  int64_t errorCount = 0;   ///< how many those are
  double bestError = 1e300; ///< of `plateau`: the lowest error that counted as better
  int64_t waited = 0;       ///< looks since then, or since the last drop
  int64_t drops = 0;        ///< how often the rate has dropped

  bool operator==(const RateMemory &) const = default;
};

/// The rate of step `step`, from 0.
double learningRate(const Recipe &recipe, const RateMemory &memory, int64_t step);

/// Tells the error of a step's own pictures, a share of 1, after the step.
void noteTrainingError(const Recipe &recipe, RateMemory &memory, double error);

/// Whether `plateau` wants to know an error after `step`, from 0: that of the pictures to validate on, or if there are none the
/// training error.
bool looksAtError(const Recipe &recipe, int64_t step);
void noteError(const Recipe &recipe, RateMemory &memory, double error);

/// The cosine of `turns` x 180 degrees, `turns` from 0 to 1, to the last bits of a double.
double cosineOfHalfTurns(double turns);

} // namespace skip::frontend
