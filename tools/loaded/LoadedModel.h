// A compiled model in this process, behind owning handles and errors with texts. What runs is the shared library that a user
// would get, through the C API that a user would call.
#pragma once

#include "codegen/Package.h"
#include "tools/loaded/Api.h"

#include <memory>

namespace skip::loaded {

template <typename Object> struct Release {
  void (*destroy)(Object *) = nullptr;
  void operator()(Object *object) const { destroy(object); }
};
using Weights = std::unique_ptr<skip_weights, Release<skip_weights>>;
using Pool = std::unique_ptr<skip_pool, Release<skip_pool>>;
using Context = std::unique_ptr<skip_context, Release<skip_context>>;

/// Owns the loaded library and its model. All that is made through it must be gone before it.
class LoadedModel {
public:
  /// Links `input` into a private temporary folder and loads it; nothing stays on the disk. The model is of its first target,
  /// on `device` of those that the target counts.
  static llvm::Expected<std::unique_ptr<LoadedModel>> build(const codegen::PackageInput &input, int32_t device = 0);

  /// Loads the shared library at `path`, whose functions are `<name>_*`. The model is of `target`; of the first that runs here,
  /// or that SKIP_TARGET names, where that is empty.
  static llvm::Expected<std::unique_ptr<LoadedModel>> open(const std::string &path, const std::string &name,
                                                           const std::string &target = "", int32_t device = 0);

  ~LoadedModel();
  LoadedModel(const LoadedModel &) = delete;
  LoadedModel &operator=(const LoadedModel &) = delete;

  const Api &api() const { return functions; }
  const skip_model *get() const { return model; }

  /// Another model object of the same library, to be destroyed with api().modelDestroy: SKIP_ISA is read anew.
  llvm::Expected<skip_model *> createModel() const;

  /// Of a training library.
  llvm::Expected<TrainerApi> trainerApi() const { return findTrainerApi(library, name); }

  int64_t maxBatch() const { return functions.modelMaxBatch(model); }
  const char *isa() const { return functions.modelIsa(model); }
  llvm::Expected<std::vector<skip_tensor_info>> inputs() const;
  llvm::Expected<std::vector<skip_tensor_info>> outputs() const;

  llvm::Expected<Weights> embeddedWeights() const;
  llvm::Expected<Weights> loadWeights(const std::string &path) const;
  llvm::Expected<Weights> weightsFromMemory(llvm::ArrayRef<char> bytes) const;

  /// `threads` 0: as many as this process may use.
  llvm::Expected<Pool> makePool(int32_t threads) const;
  llvm::Expected<Context> makeContext(const skip_weights *weights, const skip_context_options &options = {}) const;

  /// Success, or the error that the last call of this thread left behind.
  llvm::Error check(skip_status status) const;

  llvm::Error run(const Context &context, int64_t n, llvm::ArrayRef<const float *> inputs,
                  llvm::ArrayRef<float *> outputs) const;

private:
  LoadedModel() = default;

  void *library = nullptr;
  std::string name, target;
  int32_t device = 0;
  skip_model *model = nullptr;
  Api functions{};
};

} // namespace skip::loaded
