// The graphs of a context: all launches of a variant as one thing to launch.
#pragma once

#include "runtime/cuda/Body.h"

namespace skip::cuda {

/// Captures an executable graph for each of the context's variants, with weights at `weights`, into `graphs`
/// (body.variantCount). After a failure none is left. The device's context is current.
skip_status captureAll(const skip_context &context, DeviceAddress weights, GraphExec *graphs);

/// The body's graph of a variant for the outputs `wanted` alone: the one at hand if it is for these, else a new one in its
/// place. Runs on their way are waited for.
skip_status capturePartial(const skip_context &context, uint32_t variantIndex, uint64_t wanted);

/// Destroys those that are not null.
void destroyGraphs(GraphExec *graphs, uint32_t count);

} // namespace skip::cuda
