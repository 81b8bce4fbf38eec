// What a target's plan is run by. Models, weights and contexts are the same for all; what is behind these functions is not.
#pragma once

#include "runtime/Abi.h"
#include "runtime/Runtime.h"

struct SkipBackend {
  const char *target; // as model_target says it

  /// Chooses the body, e.g. an instruction set, by which model.target runs on the device. A status but SKIP_OK, with its text:
  /// it runs nowhere here, and there is nothing to close.
  skip_status (*open)(skip_model &model, int32_t device);
  void (*close)(skip_model &model);
  const char *(*bodyName)(uint32_t body);

  /// Allocates what runs write; `context` has its model and batch. It is destroyed also after a failure.
  skip_status (*createContext)(skip_context &context, const skip_context_options &options);
  void (*destroyContext)(skip_context &context);

  /// Prepares runs with these weights, which may be null; called before context.weights says so. After a failure runs go on
  /// with what was bound before.
  skip_status (*bind)(skip_context &context, const skip_weights *weights);
  /// Gives back what contexts put beside the weights. None uses them any more.
  void (*releaseWeights)(skip_weights &weights);

  /// Runs n images, from 1 to the context's most, with weights bound if the plan has any and no array null.
  skip_status (*run)(skip_context &context, int64_t n, const float *const *inputs, float *const *outputs);
  /// The same, if possible without waiting for its end.
  skip_status (*runAsync)(skip_context &context, int64_t n, const float *const *inputs, float *const *outputs, void *stream);
};

extern "C" {
// Images name these. Each is defined in its target's folder.
extern const SkipBackend skipX86Backend;
extern const SkipBackend skipCudaBackend;
}
