// Runs of a context.
#pragma once

#include "runtime/cuda/Body.h"
#include "runtime/cuda/Current.h"

namespace skip::cuda {

/// SkipBackend::run and runAsync.
skip_status run(skip_context &context, int64_t n, const float *const *inputs, float *const *outputs);
skip_status runAsync(skip_context &context, int64_t n, const float *const *inputs, float *const *outputs, void *stream);

/// An error if a failure has made the context useless.
skip_status checkFault(const Body &body, const char *call);

/// What `call` answers: a failure's text begins with the call's name, and a fault of the device is kept for checkFault. So is
/// any failure where `isLost`: the device came to its end with it.
skip_status answer(Body &body, const char *call, skip_status status, bool isLost = false);

/// Launches the steps that `wanted` outputs depend on one by one in the body's stream, waits for each and tells the context's
/// observer, outside of `current`.
skip_status runObserved(const skip_context &context, uint32_t variantIndex, const SkipCudaBlock &block, uint64_t wanted,
                        Current &current);

} // namespace skip::cuda
