// What a context of the x86 target has for itself, and how it runs.
#pragma once

#include "runtime/Objects.h"
#include "runtime/Stack.h"

namespace skip::runtime::x86 {

struct Body {
  void *ownedWorkspace = nullptr;
  void *state = nullptr;
  // Where a part of a run has each input.
  const float **inputs = nullptr;
  // Where it puts each output, and memory for one that the caller wants none of but steps cannot do without; null for
  // others.
  void **outputs = nullptr;
  void **spares = nullptr;
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

/// Whether a step of any variant up to `bound` reads the output, or computes other results beside it.
bool isNeeded(const SkipTargetImage &target, int64_t bound, uint32_t output);

/// SkipBackend::run. Refused where arrays share memory, or the calling thread has too little stack left.
skip_status run(skip_context &context, int64_t n, const float *const *inputs, float *const *outputs);

} // namespace skip::runtime::x86
