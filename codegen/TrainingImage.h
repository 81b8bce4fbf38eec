// A training image in the making: what runtime/training/TrainingImage.h points to, owned.
#pragma once

#include "codegen/Image.h"
#include "runtime/training/TrainingImage.h"

namespace skip::codegen {

/// Beside the image of a library's inference: the plan of one group's gradients, for target x86 alone. Its `model` has the same
/// name and the same tensors in the same order; its kernels' symbols are others than those of inference, or the same functions.
struct TrainingImage {
  Image model; // inputs: those of inference, then, of SKIP_PORT_I32, `draws` if there are dropouts and `labels`; outputs:
               // `loss`, then the logits
  std::vector<SkipLoad> state;
  std::vector<SkipStatistic> statistics;
  uint64_t decayedBytes = 0, parameterBytes = 0, gradientOffset = 0, groupOffset = 0, stateBytes = 0;
  std::string recipe; // the `train` statement, for readers of the header
};

/// The image as the runtime's own struct; see ImageView.
class TrainingImageView {
public:
  explicit TrainingImageView(const TrainingImage &image);
  const SkipTrainingImage &get() const { return root; }

private:
  ImageView model;
  SkipTrainingImage root{};
};

} // namespace skip::codegen
