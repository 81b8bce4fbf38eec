// The values that a trainer has of each tensor.
#pragma once

#include "runtime/training/Trainer.h"

namespace skip::runtime {

/// What a tensor is to the model.
enum class Role { Filter, Scale, Variance, Other };
Role roleOf(const SkipTargetImage &inference, uint32_t tensor);

/// Where the tensor's first element lies; forEachPlace says where the others do, or of a frozen one, they follow.
float *valuesOf(const skip_trainer &trainer, uint32_t tensor);

/// Every value as trainer_init says. Frozen ones are to be packed then.
void fillFresh(skip_trainer &trainer, const Threads &threads, uint64_t seed);

/// trainer_load_*; `path` is for texts. Frozen values are to be packed then.
skip_status loadCheckpoint(skip_trainer &trainer, const void *file, size_t bytes, const char *path, uint32_t flags);

/// The name of a tensor's momentum in a checkpoint.
inline constexpr char momentumPrefix[] = "optimizer.momentum.";

} // namespace skip::runtime
