// Schedules: rules train-13 to train-15.
#include "frontend/LearningRate.h"

namespace skip::frontend {

// Taylor's series on [0, pi / 4], where the first term left out is below 2^-57; the rest of the range by symmetry.
static constexpr double pi = 3.14159265358979323846;

static double cosineNearZero(double x) {
  double square = x * x, sum = 1;
  for (int k = 16; k >= 2; k -= 2)
    sum = 1 - square / (k * (k - 1)) * sum;
  return sum;
}

static double sineNearZero(double x) {
  double square = x * x, sum = 1;
  for (int k = 17; k >= 3; k -= 2)
    sum = 1 - square / (k * (k - 1)) * sum;
  return x * sum;
}

double cosineOfHalfTurns(double turns) {
  if (turns > 0.5)
    return -cosineOfHalfTurns(1 - turns);
  return turns <= 0.25 ? cosineNearZero(pi * turns) : sineNearZero(pi * (0.5 - turns));
}

static double dropped(const Recipe::Schedule &rate, int64_t drops) {
  double value = rate.start;
  for (int64_t i = 0; i < drops && value > 0; ++i)
    value *= rate.factor;
  return value;
}

static double scheduled(const Recipe &recipe, const RateMemory &memory, int64_t step) {
  const Recipe::Schedule &rate = recipe.rate;
  int64_t drops = 0;
  switch (rate.kind) {
  case Recipe::Rate::Steps:
    for (int64_t at : rate.at)
      drops += step >= at;
    return dropped(rate, drops);
  case Recipe::Rate::Cosine: {
    double passed = step >= recipe.length ? 1 : static_cast<double>(step) / static_cast<double>(recipe.length);
    return rate.end + (rate.start - rate.end) * (1 + cosineOfHalfTurns(passed)) / 2;
  }
  case Recipe::Rate::Plateau:
    return dropped(rate, memory.drops);
  }
  return rate.start;
}

double learningRate(const Recipe &recipe, const RateMemory &memory, int64_t step) {
  double rate = scheduled(recipe, memory, step);
  const Recipe::WarmingUp &warmUp = recipe.warmUp;
  if (warmUp.kind == Recipe::WarmUp::UntilError && !memory.warm)
    return warmUp.rate;
  if (warmUp.kind == Recipe::WarmUp::Linear && step < warmUp.steps)
    return warmUp.from + (rate - warmUp.from) * (static_cast<double>(step + 1) / static_cast<double>(warmUp.steps));
  return rate;
}

void noteTrainingError(const Recipe &recipe, RateMemory &memory, double error) {
  if (recipe.warmUp.kind != Recipe::WarmUp::UntilError || memory.warm)
    return;
  memory.errorSum += error;
  if (++memory.errorCount < recipe.warmUp.over)
    return;
  memory.warm = memory.errorSum < recipe.warmUp.below * static_cast<double>(memory.errorCount);
  memory.errorSum = 0;
  memory.errorCount = 0;
}

bool looksAtError(const Recipe &recipe, int64_t step) {
  return recipe.rate.kind == Recipe::Rate::Plateau && (step + 1) % recipe.rate.every == 0;
}

void noteError(const Recipe &recipe, RateMemory &memory, double error) {
  if (error < memory.bestError - recipe.rate.betterBy) {
    memory.bestError = error;
    memory.waited = 0;
    return;
  }
  if (++memory.waited < recipe.rate.patience)
    return;
  memory.waited = 0;
  ++memory.drops;
}

} // namespace skip::frontend
