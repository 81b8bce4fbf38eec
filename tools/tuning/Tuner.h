// The search for the fastest choice of one problem, under a budget.
#pragma once

#include "tools/tuning/Candidate.h"
#include "tools/tuning/Database.h"
#include "tools/tuning/Peak.h"

#include "mlir/IR/MLIRContext.h"

#include <chrono>
#include <functional>
#include <map>

namespace skip::tool {

class Tuner {
public:
  struct Settings {
    tuning::Device device;
    unsigned threads = 1;
    double budgetSeconds = 60;
    std::function<void()> onMeasured = [] {};
  };
  /// What is known of a problem after its search.
  struct Outcome {
    plan::ConvProblem problem;
    plan::ConvChoice best, predicted;
    int64_t bestNanoseconds = 0, predictedNanoseconds = 0; ///< 0: not measured
    int64_t measured = 0;                                  ///< new candidates, this time
    int64_t runs = 0;                                      ///< this time, of new ones and others
    bool finished = true;                                  ///< the budget did not end the search
    std::vector<plan::ConvChoice> tied;                    ///< with the best, as far as was measured; it was preferred to them
  };

  /// Peaks are measured for each body that occurs, when it first does.
  Tuner(Settings settings, tuning::Database &database);

  /// Measures candidates of `problem`, the best expected first, and records each. Goes on with an earlier search in the
  /// database; a finished one is its result. Of an algorithm that a wider body has chosen, `required`, schedules are measured
  /// in any case.
  llvm::Expected<Outcome> tune(const plan::ConvProblem &problem, const plan::Algorithm *required = nullptr);

  /// Whether the budget is spent. Something is run in any case, so that a search gets on however often it is cut short.
  bool isOver() const;
  double secondsSpent() const;

  /// No problem has more candidates than that.
  static constexpr int64_t mostCandidates = 22;

private:
  bool isSpent() const;
  llvm::Error readKnown(const plan::ConvProblem &problem);
  llvm::Error consider(const plan::ConvProblem &problem, llvm::ArrayRef<plan::ConvChoice> choices, size_t most, bool inAnyCase);
  llvm::Error measure(const plan::ConvProblem &problem, const plan::ConvChoice &choice);
  llvm::Error run(const plan::ConvProblem &problem, Candidate &candidate, int64_t more);
  llvm::Error search(const plan::ConvProblem &problem, const plan::Algorithm *required);
  /// Whether nothing is left of the search.
  bool isSettled() const;
  std::vector<plan::Algorithm> otherAlgorithms(const plan::Algorithm &first) const;
  bool lacksSchedules(const plan::ConvProblem &problem, const plan::Algorithm &algorithm) const;
  /// Times the `count` fastest candidates in turns until each has the runs `wanted`, and lets the others go; heavy ones one by
  /// one.
  llvm::Error settle(const plan::ConvProblem &problem, size_t count, int64_t wanted);
  /// Makes it one of those loaded; null where a build would not follow the choice.
  llvm::Expected<Candidate *> load(const plan::ConvProblem &problem, const plan::ConvChoice &choice);
  bool canWin(const plan::ConvProblem &problem, const plan::Algorithm &algorithm);
  const tuning::Measurement *best() const; ///< the fastest
  const tuning::Measurement *find(const plan::ConvChoice &choice) const;
  /// Those that cannot be told from the fastest, from it on; empty where nothing is known.
  std::vector<const tuning::Measurement *> leaders() const;

  Settings settings;
  tuning::Database &database;
  mlir::MLIRContext context;
  Evictor evictor;
  std::map<Body, Peak> peaks;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  bool hasRun = false;

  // Of the problem at hand.
  std::string weights;
  std::vector<tuning::Measurement> known;
  std::vector<std::unique_ptr<Candidate>> loaded;
  int64_t measured = 0, runs = 0;
};

} // namespace skip::tool
