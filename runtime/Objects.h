// What is behind the C API's opaque types model, weights and context. The pool is in ThreadPool.h.
#pragma once

#include "runtime/Abi.h"
#include "runtime/Runtime.h"
#include "runtime/Stack.h"

#include <atomic>

struct skip_model {
  const SkipModelImage *image;
  SkipIsa isa;
};

struct skip_weights {
  const SkipModelImage *image = nullptr; // weights serve only the library that made them
  const void *segment = nullptr;         // image->weightsBytes, 64-byte aligned
  void *owned = nullptr;                 // malloc'ed segment, or null
  void *mapping = nullptr;               // mapped packed file, or null
  size_t mappingBytes = 0;
};

struct skip_context {
  const skip_model *model = nullptr;
  const skip_weights *weights = nullptr;
  int64_t maxBatch = 0;
  void *workspace = nullptr;
  size_t workspaceBytes = 0; // what runs may use of it
  void *ownedWorkspace = nullptr;
  void *state = nullptr;
  // Room for the step that has most of each.
  void **operands = nullptr;
  int64_t *params = nullptr;
  int64_t *extents = nullptr;
  skip_pool *pool = nullptr;
  skip_parallel_for parallelFor = nullptr;
  void *parallelUser = nullptr;
  skip_observer observer = nullptr;
  void *observerUser = nullptr;
  skip::runtime::KnownStack stack;
  std::atomic<bool> busy{false};
};

namespace skip::runtime {

/// The model of `image`, its body chosen for this CPU and SKIP_ISA; skipmodel_model_create does this for skipModelImage.
skip_status createModel(const SkipModelImage &image, skip_model **model);

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
