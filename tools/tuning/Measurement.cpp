// Nothing that was read is believed before it has passed here.
#include "tools/tuning/Measurement.h"

#include "llvm/Config/llvm-config.h"

#include "tools/tuning/Placements.h"

#include <algorithm>
#include <limits>

using namespace skip;
using namespace skip::tuning;

static constexpr int64_t kMostThreads = 1024, kMostNanoseconds = int64_t(3600) * 1000 * 1000 * 1000, kMostRuns = 1000000;
static constexpr double kHeavyBytes = 64 << 20;

std::string tuning::compilerVersion() {
  return "skip " SKIP_VERSION " kernels " + std::to_string(plan::kernelRevision) + " llvm " +
         std::to_string(LLVM_VERSION_MAJOR);
}

bool tuning::isHeavy(const plan::ConvProblem &p) {
  return 4 * double(p.inChannels) * double(p.outChannels) * double(p.kernelHeight * p.kernelWidth) > kHeavyBytes;
}

static int64_t runsOf(const plan::ConvProblem &problem) { return isHeavy(problem) ? 4 : allPlacements; }
static int64_t runsOf(const plan::CudaProblem &) { return allPlacements; }

int64_t tuning::settledRuns(const Problem &problem) {
  return std::visit([](const auto &each) { return runsOf(each); }, problem);
}

std::string tuning::textOf(const AnyDevice &device) {
  return std::visit([](const auto &each) { return each.text(); }, device);
}

std::string tuning::problemText(const Problem &problem) {
  return std::visit([](const auto &each) { return plan::problemText(each); }, problem);
}

std::string tuning::choiceText(const Choice &choice) {
  return std::visit([](const auto &each) { return plan::choiceText(each); }, choice);
}

/// The first that there is.
template <typename Any, typename First, typename Second>
static std::optional<Any> eitherOf(const std::optional<First> &first, const std::optional<Second> &second) {
  return first ? std::optional<Any>(*first) : second ? std::optional<Any>(*second) : std::nullopt;
}

std::optional<tuning::AnyDevice> tuning::parseDevice(std::string_view text) {
  return eitherOf<AnyDevice>(Device::parse(text), GpuDevice::parse(text));
}

std::optional<tuning::Problem> tuning::parseProblem(std::string_view text) {
  return eitherOf<Problem>(plan::parseProblem(text), plan::parseCudaProblem(text));
}

std::optional<tuning::Choice> tuning::parseChoice(std::string_view text) {
  return eitherOf<Choice>(plan::parseChoice(text), plan::parseCudaChoice(text));
}

double tuning::distance(const AnyDevice &a, const AnyDevice &b) {
  auto between = [](const auto &first, const auto &second) {
    if constexpr (std::is_same_v<decltype(first), decltype(second)>)
      return distance(first, second);
    return std::numeric_limits<double>::infinity();
  };
  return std::visit(between, a, b);
}

/// The kinds of the device, the problem and the choice must be one.
static bool isLegal(const Choice &choice, const Problem &problem) {
  auto isLegalFor = [](const auto &choice, const auto &problem) {
    if constexpr (requires { plan::isLegal(choice, problem); })
      return plan::isLegal(choice, problem);
    return false;
  };
  return std::visit(isLegalFor, choice, problem);
}

MeasurementText tuning::textOf(const Measurement &m) {
  return {textOf(m.device), m.compiler, problemText(m.problem), choiceText(m.choice), m.threads, m.nanoseconds,
          m.runs,           m.noise};
}

static bool isBetween(int64_t value, int64_t most) { return value >= 1 && value <= most; }

bool tuning::numbersAreSane(const MeasurementText &text) {
  return isBetween(text.threads, kMostThreads) && isBetween(text.nanoseconds, kMostNanoseconds) &&
         isBetween(text.runs, kMostRuns) && text.noise >= 0 && text.noise <= kMostNanoseconds;
}

std::optional<Measurement> tuning::parse(const MeasurementText &text) {
  std::optional<AnyDevice> device = parseDevice(text.device);
  std::optional<Problem> problem = parseProblem(text.problem);
  std::optional<Choice> choice = parseChoice(text.choice);
  bool sane = device && problem && choice && isCompilerText(text.compiler) && numbersAreSane(text);
  if (!sane || device->index() != problem->index() || !isLegal(*choice, *problem))
    return std::nullopt;
  return Measurement{*device, text.compiler, *problem, *choice, text.threads, text.nanoseconds, text.runs, text.noise};
}
