// A trainer for groups of one size, whose state and workspace are watched.
#pragma once

#include "codegen/TrainingImage.h"
#include "tools/loaded/LoadedModel.h"
#include "tools/running/GuardedMemory.h"
#include "tools/running/RunningBody.h"

#include <optional>

namespace skip::tool {

/// Runs gradients, and never applies them. Gradients and statistics are left in the state.
class GuardedTrainer : public RunningBody {
public:
  struct Setting {
    llvm::StringRef isa;             ///< empty: as the library chooses
    unsigned threads = 0;            ///< 0: as many as this process may use
    int64_t images = 1;              ///< of a group
    llvm::ArrayRef<char> checkpoint; ///< a safetensors file
    int64_t groups = 1;              ///< of a step
  };
  /// Both must live longer.
  static llvm::Expected<std::unique_ptr<GuardedTrainer>> open(const loaded::LoadedModel &library,
                                                              const codegen::TrainingImage &image, const Setting &setting);
  ~GuardedTrainer() override;

  llvm::StringRef isa() const override { return library.api().modelIsa(model); }
  /// The last input is the labels'; nothing is written to `outputs`.
  llvm::Error run(int64_t images, llvm::ArrayRef<const float *> inputs, llvm::ArrayRef<float *> outputs) override;
  llvm::Error observe(Observer observer) override;
  /// And what a run leaves in the state.
  void spoilWorkspace() override;
  void clearWorkspace() override;
  /// And beside the state.
  bool isWorkspaceIntact() const override { return workspace->isIntact() && state->isIntact(); }

  /// What a step's group of this number leaves alone: gradients of the parameters, as they lie in the state.
  llvm::Expected<std::vector<float>> gradientsOf(int64_t images, llvm::ArrayRef<const float *> inputs, int64_t group);
  /// The mean over a step's groups.
  llvm::Expected<std::vector<float>> meanGradient(int64_t images, llvm::ArrayRef<std::vector<const float *>> groups);

  double loss() const { return result.loss; } ///< of the last run
  /// What the last run left: gradients of the parameters, then the group's statistics.
  llvm::ArrayRef<float> left() const;
  /// Parameters and running statistics, which a run must not change.
  llvm::ArrayRef<float> parameters() const;
  GuardedMemory &guardedWorkspace() { return *workspace; }

private:
  GuardedTrainer(const loaded::LoadedModel &library, const codegen::TrainingImage &image) : library(library), image(image) {}
  llvm::Error create(const Setting &setting);
  llvm::Error addGroup(int64_t images, llvm::ArrayRef<const float *> inputs);
  llvm::Expected<std::vector<float>> takeMean();
  llvm::MutableArrayRef<float> leftHere() const;

  const loaded::LoadedModel &library;
  const codegen::TrainingImage &image;
  loaded::TrainerApi api{};
  skip_model *model = nullptr;
  loaded::Pool pool;
  std::optional<GuardedMemory> state, workspace;
  skip_trainer *trainer = nullptr;
  skip_training_result result{};
  Observer observer;
};

} // namespace skip::tool
