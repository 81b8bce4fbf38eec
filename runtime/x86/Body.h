// What a context of the x86 target has for itself, and how it runs.
#pragma once

#include "runtime/Objects.h"
#include "runtime/Stack.h"

namespace skip::runtime::x86 {

struct Body {
  void *ownedWorkspace = nullptr;
  void *state = nullptr;
  // Room for the step that has most of each.
  void **operands = nullptr;
  int64_t *params = nullptr;
  int64_t *extents = nullptr;
  KnownStack stack;
};

inline Body &bodyOf(skip_context &context) { return *static_cast<Body *>(context.body); }
inline const SkipX86Kernel *kernelsOf(const SkipVariant &variant) {
  return static_cast<const SkipX86Kernel *>(variant.kernels);
}

/// SkipBackend::run. Refused where arrays share memory, or the calling thread has too little stack left.
skip_status run(skip_context &context, int64_t n, const float *const *inputs, float *const *outputs);

} // namespace skip::runtime::x86
