// Launches of a plan's steps.
#pragma once

#include "runtime/cuda/Body.h"

namespace skip::cuda {

inline constexpr uint64_t allOutputs = ~uint64_t{0};

/// Which images of the batch a step is launched for.
struct Turn {
  int64_t first, images;
};

/// What steps are launched with.
struct Launcher {
  const skip_context &context;
  const Body &body;
  uint32_t variantIndex;
  DeviceAddress weights;
  uint64_t wanted = allOutputs; // as in SkipStep: steps that are for none of these are passed over

  const SkipVariant &variant() const { return context.model->target->variants[variantIndex]; }

  /// Launches a step in the body's stream. A turn that has no work launches nothing.
  skip_status step(uint32_t index, Turn turn) const;
  /// Calls visit(step's index, turn) for a batch of n images, in the order of the plan: all steps of a section for some of the
  /// images, then for the next. Ends at the first status but SKIP_OK.
  template <typename Visit> skip_status forEach(int64_t n, Visit visit) const;

  /// Where the operand lies on the device; of an input or output the address of its element of the block.
  DeviceAddress addressOf(const SkipOperand &operand, int64_t first) const;
  /// A parameter, where extent 0 is `images`.
  int64_t valueOf(const SkipParam &param, int64_t images) const;
};

template <typename Visit> skip_status Launcher::forEach(int64_t n, Visit visit) const {
  for (uint32_t i = 0; i < variant().sectionCount; ++i) {
    const SkipSection &section = variant().sections[i];
    for (int64_t first = 0; first < n; first += section.images)
      for (uint32_t step = 0; step < section.stepCount; ++step) {
        if (wanted != allOutputs && !(variant().steps[section.firstStep + step].outputs & wanted))
          continue;
        Turn turn{first, n - first < section.images ? n - first : section.images};
        if (skip_status status = visit(section.firstStep + step, turn); status != SKIP_OK)
          return status;
      }
  }
  return SKIP_OK;
}

} // namespace skip::cuda
