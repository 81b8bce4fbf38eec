// First each algorithm by its best expected schedule, and all of these again; then other schedules of the fastest algorithms,
// as many of each, so that which one led by chance does not decide what is measured. Then all of them again, the best eight,
// and the best four, in turns: noise comes in waves, and one that lasts hits all alike. Each of these rounds goes on where an
// earlier search was cut short. A search is finished when the fastest choice has all its runs, and each that is nearer to it
// than the noise; of these the cost model's word decides (Ties.h).
//
// What cannot win is not measured: an algorithm whose products alone, at the machine's peak, or whose bytes, at its bandwidth,
// take as long as the best so far. That also ends the search near the roofline. What the cost model would choose is always
// measured, so that a tuned choice is never worse than an untuned one but by the noise.
#include "tools/tuning/Tuner.h"

#include "ir/plan/Plan.h"
#include "ir/plan/x86/Isa.h"
#include "tools/text/Failure.h"
#include "tools/tuning/Ties.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <algorithm>
#include <limits>

using namespace skip;
using tool::Tuner;
using tuning::Measurement;

static constexpr int64_t kFirstRuns = 2, kOpeningRuns = 3;
/// The rounds behind all measurements: so many of the fastest, until each has so many runs, or all that it needs.
static constexpr std::pair<size_t, int64_t> kRounds[] = {
    {Tuner::mostCandidates, 5}, {8, 8}, {4, std::numeric_limits<int64_t>::max()}};
static constexpr double kNearRoofline = 0.98; // of the best time: a gain of less is none
static constexpr size_t kSchedules = 6, kSchedulesOfRequired = 3, kMostOthers = 3;
static constexpr double kWorthMore = 1.15; // times the best: an algorithm's other schedules may well be faster

/// The tuner measures what runs on x86.
static const plan::ConvChoice &choiceOf(const Measurement &m) { return std::get<plan::ConvChoice>(m.choice); }

Tuner::Tuner(Settings wanted, tuning::Database &database)
    : settings(std::move(wanted)), database(database), context(mlir::MLIRContext::Threading::DISABLED),
      evictor(settings.threads, std::max(settings.device.l3, int64_t(16) << 20),
              std::max(settings.device.l2, int64_t(1) << 20)) {
  context.loadDialect<graph::GraphDialect, plan::PlanDialect, mlir::func::FuncDialect>();
}

double Tuner::secondsSpent() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }
bool Tuner::isSpent() const { return secondsSpent() >= settings.budgetSeconds; }
bool Tuner::isOver() const { return hasRun && isSpent(); }

const Measurement *Tuner::best() const {
  auto least = std::min_element(known.begin(), known.end(),
                                [](const Measurement &a, const Measurement &b) { return a.nanoseconds < b.nanoseconds; });
  return least == known.end() ? nullptr : &*least;
}

const Measurement *Tuner::find(const plan::ConvChoice &choice) const {
  auto found = std::find_if(known.begin(), known.end(), [&](const Measurement &each) { return choiceOf(each) == choice; });
  return found == known.end() ? nullptr : &*found;
}

llvm::Error Tuner::readKnown(const plan::ConvProblem &problem) {
  tuning::Ignored ignored;
  llvm::Expected<std::vector<tuning::Measurement>> all = database.all(ignored);
  if (!all)
    return badInput(llvm::toString(all.takeError()));
  known.clear();
  for (const tuning::Measurement &m : *all)
    if (m.device == tuning::AnyDevice(settings.device) && m.compiler == tuning::compilerVersion() &&
        m.problem == tuning::Problem(problem) && m.threads == settings.threads)
      known.push_back(m);
  return llvm::Error::success();
}

static double bytesOf(const plan::ConvProblem &p) {
  double weights = double(p.inChannels * p.outChannels * p.kernelHeight * p.kernelWidth);
  double out = double(p.outChannels * p.outHeight * p.outWidth * p.images);
  double in = double(p.inChannels * p.outHeight * p.outWidth * p.images); // each pixel once where the stride is one; else more
  return 4 * (weights + in + out);
}

bool Tuner::canWin(const plan::ConvProblem &problem, const plan::Algorithm &algorithm) {
  const Measurement *leader = best();
  if (!leader)
    return true;
  Body body = *bodyNamed(plan::isaName(problem.isa));
  auto peak = peaks.find(body);
  if (peak == peaks.end())
    peak = peaks.emplace(body, Peak::measure(body, settings.threads)).first;
  // Clocks vary: what a kernel has reached is no less than the peak.
  double reached = 2e9 * plan::leastMultiplyAdds(problem, choiceOf(*leader).algorithm) / double(leader->nanoseconds);
  peak->second.flopsPerSecond = std::max(peak->second.flopsPerSecond, reached);
  double least = peak->second.seconds(2 * plan::leastMultiplyAdds(problem, algorithm), bytesOf(problem));
  return least < kNearRoofline * 1e-9 * double(leader->nanoseconds);
}

llvm::Error Tuner::run(const plan::ConvProblem &problem, Candidate &candidate, int64_t more) {
  int64_t before = candidate.runs;
  auto isOverHere = [&] { return isSpent() && (hasRun || candidate.runs > before); };
  if (llvm::Error error = candidate.run(more, evictor, isOverHere))
    return internalError("tune", std::move(error));
  runs += candidate.runs - before;
  hasRun = true;
  tuning::Measurement measurement{settings.device,
                                  tuning::compilerVersion(),
                                  problem,
                                  candidate.choice,
                                  static_cast<int64_t>(settings.threads),
                                  candidate.nanoseconds,
                                  candidate.runs,
                                  candidate.noise};
  if (llvm::Error error = database.record(measurement))
    return badInput(llvm::toString(std::move(error)));
  if (const Measurement *old = find(candidate.choice))
    known[static_cast<size_t>(old - known.data())] = measurement;
  else
    known.push_back(measurement);
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
  if (const Measurement *before = find(choice))
    (*candidate)->remember(before->nanoseconds, before->runs, before->noise);
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
  llvm::stable_sort(known, [](const Measurement &a, const Measurement &b) { return a.nanoseconds < b.nanoseconds; });
  std::vector<plan::ConvChoice> fastest;
  for (const Measurement &each : llvm::ArrayRef(known).take_front(count))
    fastest.push_back(choiceOf(each));
  llvm::erase_if(loaded, [&](const auto &candidate) { return !llvm::is_contained(fastest, candidate->choice); });
  for (bool lacks = true; lacks;) {
    lacks = false;
    for (const plan::ConvChoice &choice : fastest) {
      const Measurement *before = find(choice);
      if (isOver() || !before || before->runs >= wanted)
        continue;
      llvm::Expected<Candidate *> candidate = load(problem, choice);
      if (!candidate)
        return candidate.takeError();
      if (!*candidate) {
        llvm::erase_if(known, [&](const Measurement &each) { return choiceOf(each) == choice; });
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

static std::vector<const Measurement *> pointersTo(const std::vector<Measurement> &measurements) {
  std::vector<const Measurement *> all;
  for (const Measurement &each : measurements)
    all.push_back(&each);
  return all;
}

std::vector<const Measurement *> Tuner::leaders() const {
  return known.empty() ? std::vector<const Measurement *>() : tuning::tiedWithFastest(pointersTo(known));
}

bool Tuner::isSettled() const { return !known.empty() && tuning::isFinished(pointersTo(known)); }

/// Besides `first`: the nearest, and others that cannot be told from the fastest.
std::vector<plan::Algorithm> Tuner::otherAlgorithms(const plan::Algorithm &first) const {
  std::vector<const Measurement *> ascending = pointersTo(known);
  llvm::stable_sort(ascending, [](const Measurement *a, const Measurement *b) { return a->nanoseconds < b->nanoseconds; });
  std::vector<plan::Algorithm> others;
  auto add = [&](const Measurement *each) {
    const plan::Algorithm &algorithm = choiceOf(*each).algorithm;
    if (algorithm != first && others.size() < kMostOthers && !llvm::is_contained(others, algorithm))
      others.push_back(algorithm);
  };
  for (const Measurement *each : ascending)
    if (double(each->nanoseconds) < kWorthMore * double(best()->nanoseconds))
      add(each);
  for (const Measurement *each : leaders())
    add(each);
  return others;
}

bool Tuner::lacksSchedules(const plan::ConvProblem &problem, const plan::Algorithm &algorithm) const {
  size_t wanted = std::min(kSchedulesOfRequired, plan::choicesOf(problem, algorithm).size());
  auto count = llvm::count_if(known, [&](const Measurement &each) { return choiceOf(each).algorithm == algorithm; });
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
    if (llvm::Error error = consider(problem, plan::choicesOf(problem, *required), kSchedulesOfRequired, true))
      return error;
  const Measurement *leader = best();
  if (!leader)
    return llvm::Error::success();
  plan::Algorithm first = choiceOf(*leader).algorithm;
  size_t most = openings.size() == 1 ? 2 * kSchedules : kSchedules;
  if (llvm::Error error = consider(problem, plan::choicesOf(problem, first), most, false))
    return error;
  for (const plan::Algorithm &other : otherAlgorithms(first))
    if (llvm::Error error = consider(problem, plan::choicesOf(problem, other), kSchedules, false))
      return error;
  for (auto [count, wanted] : kRounds)
    if (llvm::Error error = settle(problem, count, wanted))
      return error;
  while (!isOver() && best() && !isSettled()) { // the last round brought others to the front, or left them tied with it
    int64_t slowest = leaders().back()->nanoseconds;
    auto count = llvm::count_if(known, [&](const Measurement &each) { return each.nanoseconds <= slowest; });
    if (llvm::Error error = settle(problem, static_cast<size_t>(count), tuning::settledRuns(problem)))
      return error;
  }
  return llvm::Error::success();
}

llvm::Expected<Tuner::Outcome> Tuner::tune(const plan::ConvProblem &problem, const plan::Algorithm *required) {
  loaded.clear(); // they refer to the weights
  weights.clear();
  measured = runs = 0;
  if (llvm::Error error = readKnown(problem))
    return error;
  if (!isSettled() || (required && lacksSchedules(problem, *required)))
    if (llvm::Error error = search(problem, required))
      return error;
  Outcome outcome{problem, {}, plan::predictedChoice(problem), 0, 0, measured, runs, isSettled() || !isOver(), {}};
  std::vector<const Measurement *> tied = leaders();
  if (!tied.empty()) {
    const Measurement *preferred = tuning::byPreference(tied).front();
    outcome.best = choiceOf(*preferred);
    outcome.bestNanoseconds = preferred->nanoseconds;
    for (const Measurement *each : tuning::settledTies(tied))
      if (each != preferred)
        outcome.tied.push_back(choiceOf(*each));
  }
  if (const Measurement *predicted = find(outcome.predicted))
    outcome.predictedNanoseconds = predicted->nanoseconds;
  return outcome;
}
