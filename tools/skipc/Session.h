// A compiled model, loaded into this process with its weights.
#pragma once

#include "tools/loaded/LoadedModel.h"
#include "tools/skipc/Compile.h"
#include "tools/skipc/WeightsSource.h"

#include <functional>
#include <memory>

namespace skip::tool {

/// A context of a session with a pool of its own, on one of the library's bodies. One thread at a time may use it.
class Runner {
public:
  using Observer = std::function<void(const skip_step_event &)>;

  ~Runner();
  Runner(const Runner &) = delete;
  Runner &operator=(const Runner &) = delete;

  /// Runs `images` images; `inputs` and `outputs` are arrays as in the C API.
  llvm::Error run(int64_t images, llvm::ArrayRef<const float *> inputs, llvm::ArrayRef<float *> outputs);
  /// From now on hears each step; empty: no longer.
  llvm::Error observe(Observer observer);
  llvm::StringRef isa() const { return library.api().modelIsa(model); }
  int32_t threads() const { return library.api().poolThreads(pool.get()); }

private:
  friend class Session;
  explicit Runner(const loaded::LoadedModel &library) : library(library) {}

  const loaded::LoadedModel &library;
  skip_model *model = nullptr;
  loaded::Pool pool;
  loaded::Context context;
  Observer observer;
};

class Session {
public:
  /// Compiles the model of `compilation`, whose graph has been read, for `request`, links it, and loads it with `weights`.
  static llvm::Expected<Session> start(Compilation &compilation, const PlanRequest &request, const WeightsSource &weights);

  /// `threads` 0: as many as this process may use. `isa` names a body; empty: what SKIP_ISA names, else the widest that was
  /// built and runs here. Runners must be gone before the session.
  llvm::Expected<std::unique_ptr<Runner>> runner(unsigned threads, llvm::StringRef isa = {}) const;

private:
  std::unique_ptr<loaded::LoadedModel> library;
  loaded::Weights weights; // goes before the library
};

} // namespace skip::tool
