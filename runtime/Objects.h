// What is behind the C API's opaque types model, weights and context. The pool is in ThreadPool.h.
#pragma once

#include "runtime/Backend.h"

#include <atomic>

struct skip_model {
  const SkipModelImage *image;
  const SkipTargetImage *target; // one of the image's
  uint32_t body;                 // the backend's choice
  void *opened = nullptr;        // what the backend keeps of the device, if anything
  bool avx2 = false;             // whether the CPU has it, for what is no kernel
};

struct skip_weights {
  const SkipTargetImage *target = nullptr; // weights serve only the plan that they were laid out for
  const void *segment = nullptr;           // target->weightsBytes, 64-byte aligned
  void *owned = nullptr;                   // malloc'ed segment, or null
  void *mapping = nullptr;                 // mapped packed file, or null
  size_t mappingBytes = 0;
  mutable void *uploads = nullptr; // the backend's copies on devices
};

struct skip_context {
  const skip_model *model = nullptr;
  const skip_weights *weights = nullptr;
  int64_t maxBatch = 0;
  void *workspace = nullptr;
  size_t workspaceBytes = 0; // what runs may use of it
  void *body = nullptr;      // the backend's own part
  skip_pool *pool = nullptr;
  skip_parallel_for parallelFor = nullptr;
  void *parallelUser = nullptr;
  bool undivided = false; // runs have no parts
  skip_observer observer = nullptr;
  void *observerUser = nullptr;
  std::atomic<bool> busy{false};
  const char *call = "run"; // of the API, that runs it; errors begin with it
};

namespace skip::runtime {

/// The model of `image`; skipmodel_model_create_for does this for skipModelImage.
skip_status createModel(const SkipModelImage &image, const skip_model_options &options, skip_model **model);

/// skipmodel_context_create of arguments that are there, of any image of this library.
skip_status createContext(const skip_model &model, const skip_weights *weights, const skip_context_options &options,
                          skip_context **context);

/// Whether the object is there and was made by this library: only then its layout, and what runs its plan, are known. The text
/// says whose it is.
skip_status checkOwn(const skip_model *model, const char *call);
skip_status checkOwn(const skip_context *context, const char *call);
skip_status checkOwn(const skip_pool &pool, const char *call);
/// The same of what was made for a model, and is called `what`.
skip_status checkOwn(const skip_model &model, const char *call, const char *what);

/// skipmodel_run and skipmodel_context_observe of a context that is this library's.
skip_status run(skip_context &context, int64_t n, const float *const *inputs, float *const *outputs);
skip_status observe(skip_context &context, skip_observer observer, void *user);

/// The most images of a run.
int64_t largestBatch(const skip_model &model);

/// As skipmodel_model_workspace_bytes says.
size_t workspaceBytes(const skip_model &model, int64_t batch);

/// Whether an input has a rule for pictures.
inline bool takesPictures(const SkipModelImage &image, int64_t input) {
  return input >= 0 && input < int64_t{image.inputCount} && image.pictures && image.pictures[input].channels > 0;
}

/// Of one image of an input or output.
inline uint64_t imageBytes(const SkipPort &port) {
  uint64_t bytes = sizeof(float);
  for (int32_t i = 1; i < port.rank; ++i)
    bytes *= static_cast<uint64_t>(port.dims[i]);
  return bytes;
}

/// The smallest variant for `batch` images; null when there is none.
const SkipVariant *variantFor(const skip_model &model, int64_t batch);

/// Held while a run, or a change, is inside an object; false in `taken` means that another one is.
class BusyGuard {
public:
  explicit BusyGuard(std::atomic<bool> &flag) : flag(flag), taken(!flag.exchange(true, std::memory_order_acquire)) {}
  BusyGuard(const BusyGuard &) = delete;
  BusyGuard &operator=(const BusyGuard &) = delete;
  ~BusyGuard() {
    if (taken)
      flag.store(false, std::memory_order_release);
  }

private:
  std::atomic<bool> &flag;

public:
  const bool taken;
};

} // namespace skip::runtime
