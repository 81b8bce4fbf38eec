// The trainer of a training library in this process, behind an owning object and errors with texts.
#pragma once

#include "frontend/Recipe.h"
#include "tools/loaded/LoadedModel.h"
#include "tools/training/Processes.h"
#include "tools/weights/Metadata.h"

#include <functional>

namespace skip::tool {

class Trainer {
public:
  struct Shape {
    int64_t groupImages = 1, groups = 1;
    unsigned threads = 0;   ///< 0: as many as this process may use
    int64_t heldInputs = 1; ///< groups whose inputs the caller holds, for what memory is needed
  };
  /// What a training takes: the state, what a group computes in, and a group's input.
  struct Bytes {
    size_t state = 0, workspace = 0, input = 0;
  };
  using Observer = std::function<void(const skip_step_event &)>;

  /// `library` must live longer. An error where the memory that there is would not do.
  static llvm::Expected<std::unique_ptr<Trainer>> open(const loaded::LoadedModel &library, const Shape &shape);
  ~Trainer();
  Trainer(const Trainer &) = delete;

  llvm::Error init(uint64_t seed);
  /// A whole safetensors file; `path` is for messages.
  llvm::Error load(llvm::ArrayRef<char> file, llvm::StringRef path);
  /// Momentum, decay and Nesterov as the recipe says.
  llvm::Error setNumbers(const frontend::Recipe &recipe);

  /// What dropouts draw from here on (trainer_set_draws).
  llvm::Error setDraws(uint64_t seed, int64_t step);
  /// Each step's groups are shared with these processes from here on, or with none any more.
  llvm::Error share(const Processes &processes);
  llvm::Error shareNoMore();
  /// In the step.
  int64_t nextGroup() const { return api.nextGroup(trainer); }
  /// Of a group of Shape::groupImages.
  llvm::Expected<skip_training_result> gradients(const float *pixels, const int32_t *labels);
  /// What is NaN or infinite (`the loss is`), of which nothing was taken; else empty.
  llvm::Expected<std::string> apply(double rate);
  llvm::Error discard();
  llvm::Error observe(Observer observer);

  /// Replaces the file at `path` when all of it is written, and on the disk. Its metadata get a checksum (Checksum.h).
  llvm::Error save(const std::string &path, Metadata metadata) const;
  llvm::Expected<std::string> saveToMemory() const;
  llvm::Expected<loaded::Weights> weights() const;

  Bytes bytes() const;
  const loaded::LoadedModel &model() const { return library; }
  skip_pool *threads() const { return pool.get(); }
  const Shape &shape() const { return sizes; }

private:
  Trainer(const loaded::LoadedModel &library, const Shape &shape) : library(library), sizes(shape) {}
  llvm::Error create();
  llvm::Error checkMemory() const;
  skip_trainer_options trainerOptions() const;
  llvm::Error write(const Metadata &metadata, llvm::function_ref<bool(const void *, size_t)> take) const;

  const loaded::LoadedModel &library;
  const Shape sizes;
  loaded::TrainerApi api{};
  loaded::Pool pool;
  skip_trainer *trainer = nullptr;
  Observer observer;
};

} // namespace skip::tool
