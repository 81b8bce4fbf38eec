// The naming rules by which a checkpoint's tensors meet a model's.
//
// Two habits of PyTorch are forgiven: `num_batches_tracked`, a counter that inference has no use for, is ignored, and the
// prefix `module.` of nn.DataParallel is stripped when all tensors bear it (where only some do, the error says so). Everything
// else must match exactly.
#pragma once

#include "runtime/Abi.h"
#include "runtime/Safetensors.h"

namespace skip::runtime {

/// What was forgiven, so that a tool can say so.
struct LoadSummary {
  int64_t ignoredTensors = 0;  // `num_batches_tracked`
  bool strippedPrefix = false; // `module.`
};

/// Parses `file`, applies the naming rules, and finds each of the image's tensors: `matches[i]` (of image.tensorCount) is the
/// file tensor for image.tensors[i]. SKIP_BAD_WEIGHTS lists every missing, extra or mis-shaped tensor, with both shapes; or of
/// a file that has them all, every tensor with values that are no use (CheckValues.h). The target's load table must be sound.
skip_status matchCheckpoint(const SkipModelImage &image, const SkipTargetImage &target, const void *file, size_t bytes,
                            const char *path, Safetensors &tensors, const FileTensor **matches, LoadSummary &summary);

/// What a checkpoint has beside the model: counters, and what an optimizer keeps.
bool isIgnored(const char *name);

/// Only the summary; SKIP_BAD_WEIGHTS when the header is broken.
skip_status readSummary(const void *file, size_t bytes, const char *path, LoadSummary &summary);

} // namespace skip::runtime
