// First each algorithm by its best expected schedule, and all of these again; then the other schedules of the fastest two
// algorithms. Then all of them again, the best eight, and the best four, in turns: noise comes in waves, and one that lasts
// hits all alike. Each of these rounds goes on where an earlier search was cut short. A search whose fastest choice has all its
// runs is finished.
//
// What cannot win is not measured: an algorithm whose products alone, at the machine's peak, or whose bytes, at its bandwidth,
// take as long as the best so far. That also ends the search near the roofline. What the cost model would choose is always
// measured, so that a tuned choice is never worse than an untuned one but by the noise.
#include "tools/tuning/Tuner.h"

#include "ir/plan/Plan.h"
#include "ir/plan/x86/Isa.h"
#include "tools/text/Failure.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <algorithm>
#include <limits>

using namespace skip;
using tool::Tuner;

static constexpr int64_t kFirstRuns = 2, kOpeningRuns = 3;
/// The rounds behind all measurements: so many of the fastest, until each has so many runs, or all that it needs.
static constexpr std::pair<size_t, int64_t> kRounds[] = {
    {Tuner::mostCandidates, 5}, {8, 8}, {4, std::numeric_limits<int64_t>::max()}};
static constexpr double kNearRoofline = 0.98; // of the best time: a gain of less is none
static constexpr size_t kSchedules = 6, kSchedulesOfSecond = 3;
static constexpr double kWorthSecond = 1.15; // times the best

Tuner::Tuner(Settings wanted, tuning::Database &database)
    : settings(std::move(wanted)), database(database), context(mlir::MLIRContext::Threading::DISABLED),
      evictor(settings.threads, std::max(settings.device.l3, int64_t(16) << 20),
              std::max(settings.device.l2, int64_t(1) << 20)) {
  context.loadDialect<graph::GraphDialect, plan::PlanDialect, mlir::func::FuncDialect>();
}

double Tuner::secondsSpent() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }
bool Tuner::isOver() const { return hasRun && secondsSpent() >= settings.budgetSeconds; }

const Tuner::Known *Tuner::best() const {
  auto least = std::min_element(known.begin(), known.end(),
                                [](const Known &a, const Known &b) { return a.nanoseconds < b.nanoseconds; });
  return least == known.end() ? nullptr : &*least;
}

const Tuner::Known *Tuner::find(const plan::ConvChoice &choice) const {
  auto found = std::find_if(known.begin(), known.end(), [&](const Known &each) { return each.choice == choice; });
  return found == known.end() ? nullptr : &*found;
}

llvm::Error Tuner::readKnown(const plan::ConvProblem &problem) {
  unsigned ignored = 0;
  llvm::Expected<std::vector<tuning::Measurement>> all = database.all(ignored);
  if (!all)
    return badInput(llvm::toString(all.takeError()));
  known.clear();
  for (const tuning::Measurement &m : *all)
    if (m.device == settings.device && m.compiler == tuning::compilerVersion() && m.problem == problem &&
        m.threads == settings.threads)
      known.push_back({m.choice, m.nanoseconds, m.runs});
  return llvm::Error::success();
}

static double bytesOf(const plan::ConvProblem &p) {
  double weights = double(p.inChannels * p.outChannels * p.kernelHeight * p.kernelWidth);
  double out = double(p.outChannels * p.outHeight * p.outWidth * p.images);
  double in = double(p.inChannels * p.outHeight * p.outWidth * p.images); // each pixel once where the stride is one; else more
  return 4 * (weights + in + out);
}

bool Tuner::canWin(const plan::ConvProblem &problem, const plan::Algorithm &algorithm) {
  const Known *leader = best();
  if (!leader)
    return true;
  Body body = *bodyNamed(plan::isaName(problem.isa));
  auto peak = peaks.find(body);
  if (peak == peaks.end())
    peak = peaks.emplace(body, Peak::measure(body, settings.threads)).first;
  // Clocks vary: what a kernel has reached is no less than the peak.
  double reached = 2e9 * plan::leastMultiplyAdds(problem, leader->choice.algorithm) / double(leader->nanoseconds);
  peak->second.flopsPerSecond = std::max(peak->second.flopsPerSecond, reached);
  double least = peak->second.seconds(2 * plan::leastMultiplyAdds(problem, algorithm), bytesOf(problem));
  return least < kNearRoofline * 1e-9 * double(leader->nanoseconds);
}

llvm::Error Tuner::run(const plan::ConvProblem &problem, Candidate &candidate, int64_t more) {
  if (llvm::Error error = candidate.run(more, evictor))
    return internalError("tune", std::move(error));
  runs += more;
  hasRun = true;
  tuning::Measurement measurement{settings.device,
                                  tuning::compilerVersion(),
                                  problem,
                                  candidate.choice,
                                  static_cast<int64_t>(settings.threads),
                                  candidate.nanoseconds,
                                  candidate.runs};
  if (llvm::Error error = database.record(measurement))
    return badInput(llvm::toString(std::move(error)));
  Known now{candidate.choice, candidate.nanoseconds, candidate.runs};
  if (const Known *old = find(candidate.choice))
    known[static_cast<size_t>(old - known.data())] = now;
  else
    known.push_back(now);
  return llvm::Error::success();
}

llvm::Expected<tool::Candidate *> Tuner::load(const plan::ConvProblem &problem, const plan::ConvChoice &choice) {
  for (const std::unique_ptr<Candidate> &candidate : loaded)
    if (candidate->choice == choice)
      return candidate.get();
  if (weights.empty())
    weights = candidateWeights(problem);
  llvm::Expected<std::unique_ptr<Candidate>> candidate =
      Candidate::compile(context, problem, choice, weights, settings.threads);
  if (!candidate)
    return candidate.takeError();
  if (!*candidate)
    return nullptr;
  if (const Known *before = find(choice))
    (*candidate)->remember(before->nanoseconds, before->runs);
  return loaded.emplace_back(std::move(*candidate)).get();
}

llvm::Error Tuner::measure(const plan::ConvProblem &problem, const plan::ConvChoice &choice) {
  llvm::Expected<Candidate *> candidate = load(problem, choice);
  if (!candidate)
    return candidate.takeError();
  if (!*candidate)
    return llvm::Error::success();
  if (llvm::Error error = run(problem, **candidate, kFirstRuns))
    return error;
  ++measured;
  settings.onMeasured();
  if (tuning::isHeavy(problem))
    loaded.clear();
  return llvm::Error::success();
}

llvm::Error Tuner::consider(const plan::ConvProblem &problem, llvm::ArrayRef<plan::ConvChoice> choices, size_t most,
                            bool inAnyCase) {
  for (const plan::ConvChoice &choice : choices.take_front(most)) {
    if (isOver() || find(choice) || (!inAnyCase && !canWin(problem, choice.algorithm)))
      continue;
    if (llvm::Error error = measure(problem, choice))
      return error;
  }
  return llvm::Error::success();
}

llvm::Error Tuner::settle(const plan::ConvProblem &problem, size_t count, int64_t wanted) {
  wanted = std::min(wanted, tuning::settledRuns(problem));
  llvm::stable_sort(known, [](const Known &a, const Known &b) { return a.nanoseconds < b.nanoseconds; });
  std::vector<plan::ConvChoice> fastest;
  for (const Known &each : llvm::ArrayRef(known).take_front(count))
    fastest.push_back(each.choice);
  llvm::erase_if(loaded, [&](const auto &candidate) { return !llvm::is_contained(fastest, candidate->choice); });
  for (bool lacks = true; lacks;) {
    lacks = false;
    for (const plan::ConvChoice &choice : fastest) {
      const Known *before = find(choice);
      if (isOver() || !before || before->runs >= wanted)
        continue;
      llvm::Expected<Candidate *> candidate = load(problem, choice);
      if (!candidate)
        return candidate.takeError();
      if (!*candidate) {
        llvm::erase_if(known, [&](const Known &each) { return each.choice == choice; });
        continue;
      }
      if (llvm::Error error = run(problem, **candidate, tuning::isHeavy(problem) ? wanted - before->runs : 1))
        return error;
      if (tuning::isHeavy(problem))
        loaded.clear();
      lacks = true;
    }
  }
  return llvm::Error::success();
}

bool Tuner::isSettled(const plan::ConvProblem &problem) const {
  const Known *leader = best();
  return leader && leader->runs >= tuning::settledRuns(problem);
}

/// The algorithm of the fastest choice that is not `first`'s, if it is near.
static const plan::Algorithm *secondAlgorithm(const auto &known, const plan::Algorithm &first, double limit) {
  const plan::Algorithm *second = nullptr;
  double least = limit;
  for (const auto &each : known)
    if (each.choice.algorithm != first && double(each.nanoseconds) < least) {
      least = double(each.nanoseconds);
      second = &each.choice.algorithm;
    }
  return second;
}

bool Tuner::lacksSchedules(const plan::ConvProblem &problem, const plan::Algorithm &algorithm) const {
  size_t wanted = std::min(kSchedulesOfSecond, plan::choicesOf(problem, algorithm).size());
  auto count = llvm::count_if(known, [&](const Known &each) { return each.choice.algorithm == algorithm; });
  return static_cast<size_t>(count) < wanted;
}

llvm::Error Tuner::search(const plan::ConvProblem &problem, const plan::Algorithm *required) {
  std::vector<plan::ConvChoice> openings = plan::openingChoices(problem);
  if (llvm::Error error = consider(problem, openings, 1, true))
    return error;
  if (llvm::Error error = consider(problem, openings, openings.size(), false))
    return error;
  if (llvm::Error error = settle(problem, mostCandidates, kOpeningRuns))
    return error;
  if (required)
    if (llvm::Error error = consider(problem, plan::choicesOf(problem, *required), kSchedulesOfSecond, true))
      return error;
  const Known *leader = best();
  if (!leader)
    return llvm::Error::success();
  plan::Algorithm first = leader->choice.algorithm;
  size_t most = openings.size() == 1 ? 2 * kSchedules : kSchedules;
  if (llvm::Error error = consider(problem, plan::choicesOf(problem, first), most, false))
    return error;
  if (const plan::Algorithm *near = secondAlgorithm(known, first, kWorthSecond * double(best()->nanoseconds))) {
    plan::Algorithm second = *near;
    if (llvm::Error error = consider(problem, plan::choicesOf(problem, second), kSchedulesOfSecond, false))
      return error;
  }
  for (auto [count, wanted] : kRounds)
    if (llvm::Error error = settle(problem, count, wanted))
      return error;
  while (!isOver() && best() && !isSettled(problem)) // the last round brought another one to the front
    if (llvm::Error error = settle(problem, 1, tuning::settledRuns(problem)))
      return error;
  return llvm::Error::success();
}

llvm::Expected<Tuner::Outcome> Tuner::tune(const plan::ConvProblem &problem, const plan::Algorithm *required) {
  loaded.clear(); // they refer to the weights
  weights.clear();
  measured = runs = 0;
  if (llvm::Error error = readKnown(problem))
    return error;
  if (!isSettled(problem) || (required && lacksSchedules(problem, *required)))
    if (llvm::Error error = search(problem, required))
      return error;
  Outcome outcome{problem, {}, plan::predictedChoice(problem), 0, 0, measured, runs, isSettled(problem) || !isOver()};
  if (const Known *leader = best()) {
    outcome.best = leader->choice;
    outcome.bestNanoseconds = leader->nanoseconds;
  }
  if (const Known *predicted = find(outcome.predicted))
    outcome.predictedNanoseconds = predicted->nanoseconds;
  return outcome;
}
