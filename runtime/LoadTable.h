// Runs a target's load table: a checkpoint's tensors become the bytes of the weights segment. `skipc` links this same code to
// embed weights at build time, so that a checkpoint loaded at run time gives the same bits.
#pragma once

#include "runtime/Checkpoint.h"

namespace skip::runtime {

/// Fills `segment` (target.weightsBytes, 64-byte aligned) from the safetensors file in memory at `file`. `path` is for error
/// texts only. SKIP_BAD_WEIGHTS: see matchCheckpoint, or what was packed is not finite; SKIP_INVALID_ARGUMENT: the load table
/// contradicts itself.
skip_status packWeights(const SkipModelImage &image, const SkipTargetImage &target, const void *file, size_t bytes,
                        const char *path, void *segment, LoadSummary *summary = nullptr);

/// Checks that the load table stays inside its tensors and the segment, so that running it is safe whatever the image says.
skip_status checkLoadTable(const SkipModelImage &image, const SkipTargetImage &target);

} // namespace skip::runtime
