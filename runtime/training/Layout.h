// What a trainer's memory has to hold, from its image and its options.
#pragma once

#include "runtime/training/Trainer.h"

namespace skip::runtime {

/// Bytes from the memory's beginning.
struct StateLayout {
  uint64_t momentum, partials, groupStatistics, frozen, bytes;
};

/// The image, its options filled in. `options` may be null; an error names what makes no sense.
skip_status completeOptions(const skip_model *model, const char *call, const skip_trainer_options *options,
                            skip_trainer_options &complete);

/// What a parameter that stays as it is takes in the memory.
uint64_t frozenBytes(const SkipTensor &tensor);

StateLayout layoutOf(const SkipTrainingImage &image, const skip_trainer_options &options);
uint64_t workspaceBytesOf(const SkipTrainingImage &image, const skip_trainer_options &options);

/// Whether the image's tables stay inside of the state and suit the model: a defect of the compiler if not.
skip_status checkTrainingImage(const SkipTrainingImage &image, const skip_model &inference);

} // namespace skip::runtime
