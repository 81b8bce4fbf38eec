// What a context of a CUDA target has for itself.
//
// One allocation on the device, the arena:
//   | SkipCudaBlock | state | a place for each input and output of the host's | workspace |
// and, on the host's side, pinned memory through which a run's block and the host's arrays go there (Staging.h).
#pragma once

#include "runtime/Objects.h"
#include "runtime/cuda/DeviceWeights.h"
#include "runtime/cuda/Staging.h"

namespace skip::cuda {

struct Body {
  const Opened *opened = nullptr; // the model's
  Stream stream = nullptr;        // of runs that the caller waits for, and of all that is not a run
  Event done = nullptr;           // the end of the last run
  DeviceAddress arena = 0;
  DeviceAddress block = 0, state = 0, workspace = 0;
  DeviceAddress places[SKIP_MOST_CUDA_PORTS] = {};
  Staging staging;

  DeviceWeights *weights = nullptr;
  uint32_t variantCount = 0;   // those that runs of this context can need
  GraphExec *graphs = nullptr; // one for each; null while there is nothing to run them with
  // Of the last run of each variant that wanted some outputs alone: null, or its graph, and which these were.
  GraphExec *partialGraphs = nullptr;
  uint64_t *partialWanted = nullptr;

  // Room for the step that has most operands, and for the one that has most tensor maps.
  uint64_t *arguments = nullptr;
  TensorMap *maps = nullptr;
  void **pointers = nullptr;

  char fault[1024] = ""; // the text of the failure that made the context useless; empty: there was none
};

inline Body &bodyOf(const skip_context &context) { return *static_cast<Body *>(context.body); }

/// The image's inputs, then its outputs.
inline const SkipPort &portOf(const SkipModelImage &image, uint32_t index) {
  return index < image.inputCount ? image.inputs[index] : image.outputs[index - image.inputCount];
}
inline uint32_t portCount(const SkipModelImage &image) { return image.inputCount + image.outputCount; }

} // namespace skip::cuda
