// What a training remembers beside its trainer's state, as texts of a checkpoint's metadata.
#pragma once

#include "frontend/LearningRate.h"
#include "tools/training/Trainer.h"

namespace skip::tool {

/// Sums over some steps.
struct Window {
  double loss = 0; ///< of each step's mean
  int64_t steps = 0, wrong = 0, pictures = 0;

  double meanLoss() const { return loss / static_cast<double>(steps); }
  double error() const { return static_cast<double>(wrong) / static_cast<double>(pictures); }
  bool operator==(const Window &) const = default;
};

/// What changes with each step.
struct TrainingMemory {
  int64_t step = 0; ///< steps that are done
  frontend::RateMemory rate;
  Window logged, looked; ///< since the last line of the metrics, and since the schedule last looked at the error

  bool operator==(const TrainingMemory &) const = default;
};

/// The best evaluation. It is in the best checkpoint alone, so that the last one does not depend on when was evaluated.
struct BestScore {
  double error = 2; ///< above 1: there was none yet
  int64_t step = 0;
};

/// What a training must be to be gone on with.
struct TrainingIdentity {
  std::string model;
  uint64_t seed = 1;
  uint64_t pictures = 0;                                        ///< trained on
  std::vector<std::pair<std::string, std::string>> settings;    ///< frontend::listSettings
  std::string plan;                                             ///< of the code that computes the bits
  std::vector<std::string> classes = {};                        ///< names in the order of the labels, if they have any
  std::vector<std::pair<std::string, std::string>> pixels = {}; ///< what is made of pictures: Pictures::settings
  std::string data = {};                                        ///< Pictures::fingerprint
  std::string validation = {};                                  ///< Pictures::validationFingerprint
  std::string network = {};                                     ///< a hash of the spec's graph
  bool exact = false;                                           ///< --exact
};

Metadata metadataOf(const TrainingIdentity &identity, const TrainingMemory &memory);

Metadata metadataOf(const TrainingIdentity &identity, const TrainingMemory &memory, const BestScore &best);
/// None where the file's metadata have none.
BestScore bestScoreIn(const Metadata &metadata);

/// Fails where `saved` is not of the training `wanted`, with a line for each difference, or is not of a training at all. What
/// a checkpoint of an earlier skipc does not say is not compared.
llvm::Expected<TrainingMemory> resumeFrom(const Metadata &saved, const TrainingIdentity &wanted, const std::string &path);

/// What to know of a training that goes on nevertheless: that bits will be others, or what could not be compared.
std::vector<std::string> resumeNotes(const Metadata &saved, const TrainingIdentity &wanted, const std::string &path);

} // namespace skip::tool
