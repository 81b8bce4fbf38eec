// The graphs of a context: all launches of a variant as one thing to launch.
#pragma once

#include "runtime/cuda/Body.h"

namespace skip::cuda {

/// Captures an executable graph for each of the context's variants, with weights at `weights`, into `graphs`
/// (body.variantCount). After a failure none is left. The device's context is current.
skip_status captureAll(const skip_context &context, DeviceAddress weights, GraphExec *graphs);

/// Destroys those that are not null.
void destroyGraphs(GraphExec *graphs, uint32_t count);

} // namespace skip::cuda
