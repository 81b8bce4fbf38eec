// Two times are not known to differ where their difference is less than it may be off: noises are of independent places, and
// add up as the root of their squares. What changes from process to process, such as clocks and where libraries lie, placements
// do not show: so nothing below a hundredth is a difference, nor below a microsecond, by which convolutions of 20 us differ.
//
// The fastest of several that are tied is the fastest by chance, another one each time. The cost model's word is the same each
// time, and wrong by no more than the noise: what it would choose untuned, which asks more of transforms than that they be
// expected to be faster, and then what it expects to be the fastest.
#include "tools/tuning/Ties.h"

#include <algorithm>
#include <cmath>
#include <tuple>

using namespace skip;
using namespace skip::tuning;

static constexpr double kLeastDifference = 0.01;

/// Nothing nearer than that is a difference. Of GPUs it is what the driver's events resolve.
static double leastNanoseconds(const plan::ConvProblem &) { return 1000; }
static double leastNanoseconds(const plan::CudaProblem &) { return 500; }

bool tuning::areTied(const Measurement &a, const Measurement &b) {
  double noise = std::hypot(static_cast<double>(a.noise), static_cast<double>(b.noise));
  auto apart = static_cast<double>(std::abs(a.nanoseconds - b.nanoseconds));
  auto hundredth = kLeastDifference * static_cast<double>(std::min(a.nanoseconds, b.nanoseconds));
  double least = std::visit([](const auto &problem) { return leastNanoseconds(problem); }, a.problem);
  return apart < std::max({noise, hundredth, least});
}

/// Of equal times the order is by text, so that it is the same each time.
static bool isFaster(const Measurement *a, const Measurement *b) {
  return a->nanoseconds != b->nanoseconds ? a->nanoseconds < b->nanoseconds : choiceText(a->choice) < choiceText(b->choice);
}

namespace {
/// What the cost model expects of the choices for one problem of x86. Lists of schedules are made where they are asked for:
/// most problems have no ties.
class Expectation {
public:
  explicit Expectation(const plan::ConvProblem &problem) : problem(problem), untuned(plan::predictedChoice(problem)) {}

  /// Whether the first is expected to be faster; nothing where it expects the same.
  std::optional<bool> isFaster(const Choice &first, const Choice &second) {
    const auto &a = std::get<plan::ConvChoice>(first), &b = std::get<plan::ConvChoice>(second);
    if ((a == untuned) != (b == untuned))
      return a == untuned;
    if (a.algorithm != b.algorithm)
      return plan::predictedCost(problem, a.algorithm) < plan::predictedCost(problem, b.algorithm);
    size_t placeOfA = placeOf(a), placeOfB = placeOf(b);
    return placeOfA != placeOfB ? std::optional(placeOfA < placeOfB) : std::nullopt;
  }

private:
  /// Among the schedules of its algorithm; behind all of them if it is none that the model would think of.
  size_t placeOf(const plan::ConvChoice &choice) {
    auto known =
        std::find_if(lists.begin(), lists.end(), [&](const auto &list) { return list.front().algorithm == choice.algorithm; });
    if (known == lists.end())
      known = lists.insert(lists.end(), plan::choicesOf(problem, choice.algorithm));
    return static_cast<size_t>(std::find(known->begin(), known->end(), choice) - known->begin());
  }

  const plan::ConvProblem &problem;
  const plan::ConvChoice untuned;
  std::vector<std::vector<plan::ConvChoice>> lists;
};

/// The same of GPUs, whose model has a cost for each choice.
class CudaExpectation {
public:
  CudaExpectation(const plan::CudaProblem &problem, const GpuDevice &device)
      : problem(problem), gpu(plan::gpuOfMajor(device.major)), untuned(plan::predictedChoice(problem, gpu)) {}

  std::optional<bool> isFaster(const Choice &first, const Choice &second) const {
    const auto &a = std::get<plan::CudaChoice>(first), &b = std::get<plan::CudaChoice>(second);
    if ((a == untuned) != (b == untuned))
      return a == untuned;
    double ofA = plan::predictedCost(problem, a, gpu), ofB = plan::predictedCost(problem, b, gpu);
    return ofA != ofB ? std::optional(ofA < ofB) : std::nullopt;
  }

private:
  const plan::CudaProblem &problem;
  const plan::Gpu &gpu;
  const plan::CudaChoice untuned;
};

using AnyExpectation = std::variant<Expectation, CudaExpectation>;
} // namespace

/// For measurements of the same problem on the same device.
static AnyExpectation expectationFor(const Measurement &measurement) {
  if (const auto *problem = std::get_if<plan::CudaProblem>(&measurement.problem))
    return CudaExpectation(*problem, std::get<GpuDevice>(measurement.device));
  return Expectation(std::get<plan::ConvProblem>(measurement.problem));
}

std::vector<const Measurement *> tuning::tiedWithFastest(std::vector<const Measurement *> measurements) {
  std::sort(measurements.begin(), measurements.end(), isFaster);
  std::vector<const Measurement *> tied;
  for (const Measurement *m : measurements)
    if (m == measurements.front() || areTied(*m, *measurements.front()))
      tied.push_back(m);
  return tied;
}

static bool isUnsettled(const Measurement *m) { return m->runs < settledRuns(m->problem); }

bool tuning::isFinished(std::vector<const Measurement *> measurements) {
  std::vector<const Measurement *> tied = tiedWithFastest(std::move(measurements));
  return std::none_of(tied.begin(), tied.end(), isUnsettled);
}

std::vector<const Measurement *> tuning::settledTies(std::vector<const Measurement *> measurements) {
  std::vector<const Measurement *> tied = tiedWithFastest(std::move(measurements));
  if (isUnsettled(tied.front()))
    return {tied.front()};
  tied.erase(std::remove_if(tied.begin(), tied.end(), isUnsettled), tied.end());
  return tied;
}

std::vector<const Measurement *> tuning::byPreference(std::vector<const Measurement *> measurements) {
  std::vector<const Measurement *> ordered;
  if (measurements.empty())
    return ordered;
  AnyExpectation expectation = expectationFor(*measurements.front());
  auto isExpectedFaster = [&](const Measurement *a, const Measurement *b) {
    std::optional<bool> expected = std::visit([&](auto &each) { return each.isFaster(a->choice, b->choice); }, expectation);
    return expected.value_or(isFaster(a, b));
  };
  while (!measurements.empty()) {
    std::vector<const Measurement *> tied = settledTies(measurements);
    const Measurement *chosen = tied.size() == 1 ? tied[0] : *std::min_element(tied.begin(), tied.end(), isExpectedFaster);
    ordered.push_back(chosen);
    measurements.erase(std::find(measurements.begin(), measurements.end(), chosen));
  }
  return ordered;
}
