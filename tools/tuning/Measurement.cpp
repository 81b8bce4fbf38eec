// Nothing that was read is believed before it has passed here.
#include "tools/tuning/Measurement.h"

#include "llvm/Config/llvm-config.h"

#include <algorithm>

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

int64_t tuning::settledRuns(const plan::ConvProblem &problem) { return isHeavy(problem) ? 4 : 13; }

MeasurementText tuning::textOf(const Measurement &m) {
  return {m.device.text(), m.compiler, plan::problemText(m.problem), plan::choiceText(m.choice), m.threads, m.nanoseconds,
          m.runs,          m.noise};
}

static bool isCompiler(const std::string &text) {
  bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return plain && !text.empty() && text.size() <= 64 && text.front() != ' ' && text.back() != ' ';
}

static bool isBetween(int64_t value, int64_t most) { return value >= 1 && value <= most; }

bool tuning::numbersAreSane(const MeasurementText &text) {
  return isBetween(text.threads, kMostThreads) && isBetween(text.nanoseconds, kMostNanoseconds) &&
         isBetween(text.runs, kMostRuns) && text.noise >= 0 && text.noise <= kMostNanoseconds;
}

std::optional<Measurement> tuning::parse(const MeasurementText &text) {
  std::optional<Device> device = Device::parse(text.device);
  std::optional<plan::ConvProblem> problem = plan::parseProblem(text.problem);
  std::optional<plan::ConvChoice> choice = plan::parseChoice(text.choice);
  bool sane = device && problem && choice && isCompiler(text.compiler) && numbersAreSane(text);
  if (!sane || !plan::isLegal(*choice, *problem))
    return std::nullopt;
  return Measurement{*device, text.compiler, *problem, *choice, text.threads, text.nanoseconds, text.runs, text.noise};
}
