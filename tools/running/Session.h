// A compiled model, loaded into this process with its weights.
#pragma once

#include "tools/compile/Compile.h"
#include "tools/loaded/LoadedModel.h"
#include "tools/running/RunningBody.h"
#include "tools/running/GuardedMemory.h"
#include "tools/weights/WeightsSource.h"

#include <memory>
#include <optional>

namespace skip::tool {

/// A context of a session with a pool of its own, on one of the library's bodies. One thread at a time may use it.
class Runner : public RunningBody {
public:
  ~Runner() override;

  llvm::Error run(int64_t images, llvm::ArrayRef<const float *> inputs, llvm::ArrayRef<float *> outputs) override;
  llvm::Error observe(Observer observer) override;
  llvm::StringRef isa() const override { return library.api().modelIsa(model); }
  /// Without a guarded workspace nothing is done, and nothing known.
  void spoilWorkspace() override {
    if (workspace)
      workspace->fill();
  }
  void clearWorkspace() override {
    if (workspace)
      workspace->clear();
  }
  bool isWorkspaceIntact() const override { return !workspace || workspace->isIntact(); }
  /// Of a guarded runner.
  GuardedMemory &guardedWorkspace() { return *workspace; }
  int32_t threads() const { return library.api().poolThreads(pool.get()); }

private:
  friend class Session;
  explicit Runner(const loaded::LoadedModel &library) : library(library) {}
  llvm::Error open(const skip_weights *weights, unsigned threads);
  llvm::Error guardWorkspace(int64_t images);

  const loaded::LoadedModel &library;
  skip_model *model = nullptr;
  loaded::Pool pool;
  skip_context_options options{};
  std::optional<GuardedMemory> workspace; // goes behind the context
  loaded::Context context;
  Observer observer;
};

class Session {
public:
  /// Compiles the model of `compilation`, whose graph has been read, for `request`, links it, and loads it with `weights`.
  static llvm::Expected<Session> start(Compilation &compilation, const PlanRequest &request, const WeightsSource &weights);

  /// The second half of that, for a `compilation` that has a plan.
  static llvm::Expected<Session> load(Compilation &compilation, const WeightsSource &weights);

  /// `threads` 0: as many as this process may use. `isa` names a body; empty: what SKIP_ISA names, else the widest that was
  /// built and runs here. `isUndivided`: each run is by the plan for its number of images, whose steps an observer expects.
  /// Runners must be gone before the session.
  llvm::Expected<std::unique_ptr<Runner>> runner(unsigned threads, llvm::StringRef isa = {}, bool isUndivided = false) const;

  const loaded::LoadedModel &model() const { return *library; }
  /// What the weights say that the classes are called (WeightsSource).
  llvm::ArrayRef<std::string> classNames() const { return classes; }

  /// One for up to `images` images, undivided, whose workspace is NaN and guarded.
  llvm::Expected<std::unique_ptr<Runner>> guardedRunner(unsigned threads, llvm::StringRef isa, int64_t images) const;

private:
  llvm::Expected<std::unique_ptr<Runner>> start(unsigned threads, llvm::StringRef isa, bool isUndivided,
                                                int64_t guardedImages) const;

  std::unique_ptr<loaded::LoadedModel> library;
  loaded::Weights weights; // goes before the library
  std::vector<std::string> classes;
};

} // namespace skip::tool
