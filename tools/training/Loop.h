// The training loop: steps, evaluations, checkpoints.
#pragma once

#include "codegen/TrainingImage.h"
#include "tools/data/Progress.h"
#include "tools/training/Evaluation.h"
#include "tools/training/Memory.h"
#include "tools/training/Metrics.h"

#include <chrono>

namespace skip::tool {

struct LoopOptions {
  std::string folder;   ///< for what is written
  std::string title;    ///< of the curve
  int64_t lastStep = 0; ///< the number of steps when the training ends
  int64_t logEvery = 1; ///< steps to a line of metrics
  int64_t evaluateEvery = 1000;
  int64_t saveEvery = 500;
  unsigned loaderThreads = 1;
  std::vector<std::string> layers = {}; ///< the spec's labels, for messages
  const Processes *processes = nullptr; ///< that share the groups of each step; null: this one alone
};

/// All that decides which bits are computed, from where, and when processes meet: lines of `name=value`.
std::string mustBeSame(const TrainingIdentity &identity, const TrainingMemory &memory, const LoopOptions &options);

/// What a step's groups gave.
struct GroupResult {
  bool isThere = false;
  int64_t wrong = 0;
  double loss = 0;
};

/// How it went.
struct LoopResult {
  bool interrupted = false;
  Metric last;                 ///< of the last step
  double validationError = -1; ///< of the last evaluation; negative: there was none
  BestScore best;
  int64_t steps = 0;                                        ///< that were done now
  double seconds = 0, imagesPerSecond = 0;                  ///< of the steps alone
  std::vector<data::BadPicture> badPictures, badValidation; ///< that were left out, of those trained and validated on
};

class Loop {
public:
  /// All of these must live longer; `memory` is that of the state that the trainer has.
  Loop(Trainer &trainer, const codegen::TrainingImage &image, const Pictures &pictures, const frontend::Recipe &recipe,
       const TrainingIdentity &identity, TrainingMemory &memory, BestScore best, LoopOptions options);

  llvm::Expected<LoopResult> run();

  static std::string lastPath(const std::string &folder) { return folder + "/last.safetensors"; }
  static std::string bestPath(const std::string &folder) { return folder + "/best.safetensors"; }

private:
  llvm::Error step(const data::Batch &batch);
  llvm::Error runGroups(const data::Batch &batch, std::vector<GroupResult> &results);
  llvm::Error exchange(std::vector<GroupResult> &results);
  llvm::Error openMetrics();
  llvm::Error finish();
  llvm::Expected<bool> goesOn(bool interrupted);
  llvm::Expected<Score> score();
  int32_t processCount() const { return options.processes ? options.processes->count() : 1; }
  bool writes() const { return !options.processes || options.processes->isFirst(); }
  llvm::Error stopAt(const data::Batch &batch, const std::string &gone);
  llvm::Error afterStep(double rate);
  llvm::Error closeStep(double rate);
  llvm::Error log(double rate);
  llvm::Error evaluate();
  llvm::Error keepBest();
  llvm::Error saveLast();
  llvm::Error drawCurve();
  void tellBadPictures(std::vector<data::BadPicture> found, std::vector<data::BadPicture> &known);
  std::string keptText() const;
  bool isDue(int64_t every) const { return memory.step % every == 0 || memory.step == options.lastStep; }

  Trainer &trainer;
  const codegen::TrainingImage &image;
  const Pictures &pictures;
  const frontend::Recipe &recipe;
  const TrainingIdentity &identity;
  TrainingMemory &memory;
  const LoopOptions options;
  std::optional<Metrics> metrics;
  std::optional<Evaluation> evaluation;
  std::unique_ptr<data::Progress> progress;
  int64_t savedStep = -1; ///< of last.safetensors
  bool isClosed = true;   ///< all that the last step owes but its checkpoint is there: metrics, evaluation, best
  std::chrono::steady_clock::time_point stepStart;
  double stepSeconds = 0, loggedSeconds = 0; ///< of all steps; of those since the last line
  int64_t doneSteps = 0;
  LoopResult result;
};

} // namespace skip::tool
