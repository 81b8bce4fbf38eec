// A small training library, made by hand: skipModelImage and skipTrainingImage.
//
// The model, of vectors x of 3 and 250 classes:
//   h = S x                            100 features; S, `stem.weight`, is frozen
//   z = batch_norm(h)                  over the images of a group
//   logits = W z + b                   loss: softmax cross-entropy, mean over the group
// W decays, all else does not.
#pragma once

#include "runtime/training/Training.h"
#include "runtime/training/TrainingImage.h"
#include "tests/unit/runtime/Checkpoint.h"

#include <atomic>
#include <map>
#include <string>
#include <vector>

namespace test {

inline constexpr int64_t inputs = 3, features = 100, classes = 250, mostImages = 8;
inline constexpr double epsilon = 1e-5;

/// A kernel of gradients is at work, whose vectors are the tests' affair.
extern std::atomic<bool> insideKernel;

using Values = std::map<std::string, std::vector<float>>;

/// The tensors of the model by name, from `seed`, and a file of them.
Values someValues(uint32_t seed);
std::string checkpointOf(const Values &values);
/// What is in a file.
Values readCheckpoint(const std::string &file);

/// `n` images and their labels, another group for each `seed`.
struct Group {
  Group(int64_t n, uint32_t seed);
  skip_status gradients(skip_trainer *trainer);

  int64_t n;
  std::vector<float> x;
  std::vector<int32_t> labels;
  skip_training_result result{};
};

/// The same training in double precision.
struct Reference {
  explicit Reference(const Values &values);
  /// The loss of each group; parameters take a step.
  std::vector<double> step(const std::vector<Group> &groups, double rate);
  std::vector<double> logits(const Group &group) const; ///< of inference

  double momentum = 0.9, decay = 0;
  bool nesterov = false;
  std::map<std::string, std::vector<double>> values, velocities;

private:
  using Gradients = std::map<std::string, std::vector<double>>;
  double addGradients(const Group &group, double weight, Gradients &gradients);
};

/// Throws the API's text of a failure, since a training may be in any thread and Catch2's macros may not.
void need(skip_status status);

/// Owns what the C API gives out. What fails throws.
struct Training {
  explicit Training(skip_trainer_options options = {}, int32_t threads = 0);
  ~Training();
  Training(const Training &) = delete;

  void load(const Values &values, uint32_t flags = 0);
  std::string save() const;
  Values values() const { return readCheckpoint(save()); }
  /// A step of these groups, which must go well.
  void step(std::vector<Group> groups, double rate);

  skip_model *model = nullptr;
  skip_pool *pool = nullptr;
  skip_trainer *trainer = nullptr;
};

} // namespace test
