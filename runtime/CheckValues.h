// Looks for values in a checkpoint that no network can compute with.
#pragma once

#include "runtime/Abi.h"
#include "runtime/Safetensors.h"

namespace skip::runtime {

/// How many of `count` elements, stored as SkipElement says, are NaN or infinite.
uint64_t countNotFinite(uint32_t element, const void *values, uint64_t count);

/// `matches[i]` is the file's tensor for image.tensors[i], of a type and shape that suit it; the load table passed
/// checkLoadTable. SKIP_BAD_WEIGHTS lists every tensor
/// that holds NaN or infinity, and every running variance that holds a negative number.
skip_status checkValues(const SkipModelImage &image, const SkipTargetImage &target, const FileTensor *const *matches,
                        const char *path);

} // namespace skip::runtime
