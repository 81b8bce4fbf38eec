// Trainers come and go: all memory of a training is taken here.
#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/training/Layout.h"

#include <string.h>

using namespace skip::runtime;

namespace skip::runtime {

/// Memory that the caller may give; null is no fault.
static skip_status checkGiven(const char *what, const void *memory, size_t bytes, uint64_t needed) {
  if (memory && reinterpret_cast<uintptr_t>(memory) % 64 != 0)
    return fail(SKIP_INVALID_ARGUMENT, "trainer_create: the %s is not 64-byte aligned", what);
  if (memory && bytes < needed)
    return fail(SKIP_INVALID_ARGUMENT, "trainer_create: the %s has %zu bytes, it needs %llu", what, bytes,
                static_cast<unsigned long long>(needed));
  return SKIP_OK;
}

/// Before any of the caller's memory is written.
static skip_status checkMemory(skip_trainer &trainer) {
  const skip_trainer_options &options = trainer.options;
  uint64_t state = layoutOf(*trainer.image, options).bytes, workspace = workspaceBytesOf(*trainer.image, options);
  if (skip_status status = checkGiven("state", options.state, options.state_bytes, state); status != SKIP_OK)
    return status;
  if (skip_status status = checkGiven("workspace", options.workspace, options.workspace_bytes, workspace); status != SKIP_OK)
    return status;
  auto stateAt = reinterpret_cast<uintptr_t>(options.state), workspaceAt = reinterpret_cast<uintptr_t>(options.workspace);
  if (options.state && options.workspace && stateAt < workspaceAt + workspace && workspaceAt < stateAt + state)
    return fail(SKIP_INVALID_ARGUMENT, "trainer_create: the state and the workspace share memory; each needs its own");
  return SKIP_OK;
}

/// The caller's state, or one of the trainer's own; all zero.
static skip_status provideState(skip_trainer &trainer) {
  const skip_trainer_options &options = trainer.options;
  StateLayout layout = layoutOf(*trainer.image, options);
  trainer.ownedState = options.state ? nullptr : allocateAligned(layout.bytes);
  trainer.state = static_cast<char *>(options.state ? options.state : trainer.ownedState);
  if (!trainer.state)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for a state of %llu bytes", static_cast<unsigned long long>(layout.bytes));
  memset(trainer.state, 0, layout.bytes);
  auto at = [&](uint64_t offset) { return reinterpret_cast<float *>(trainer.state + offset); };
  trainer.momentum = at(layout.momentum);
  trainer.partials = at(layout.partials);
  trainer.groupStatistics = at(layout.groupStatistics);
  trainer.frozenValues = at(layout.frozen);
  return SKIP_OK;
}

/// Where each tensor is.
static skip_status findTensors(skip_trainer &trainer) {
  const SkipTrainingImage &image = *trainer.image;
  size_t count = image.model.tensorCount;
  trainer.entries = static_cast<int32_t *>(allocateAligned(count * sizeof(int32_t)));
  trainer.frozenPlaces = static_cast<int64_t *>(allocateAligned(count * sizeof(int64_t)));
  if (!trainer.entries || !trainer.frozenPlaces)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for a trainer");
  for (size_t i = 0; i < count; ++i)
    trainer.entries[i] = -1;
  for (uint32_t i = 0; i < image.stateCount; ++i) {
    const SkipLoad &load = image.state[i];
    trainer.entries[load.kind == SKIP_LOAD_CONV_WEIGHT ? load.source : load.bias] = static_cast<int32_t>(i);
  }
  uint64_t place = 0;
  for (size_t i = 0; i < count; ++i) {
    trainer.frozenPlaces[i] = static_cast<int64_t>(place / sizeof(float));
    if (trainer.entries[i] < 0)
      place += frozenBytes(image.model.tensors[i]);
  }
  return SKIP_OK;
}

static skip_status provideArrays(skip_trainer &trainer) {
  const SkipModelImage &model = trainer.image->model;
  auto images = static_cast<size_t>(trainer.options.max_group);
  trainer.classes = model.outputs[1].dims[1];
  trainer.inputs = static_cast<const float **>(allocateAligned(model.inputCount * sizeof(float *)));
  trainer.loss = static_cast<float *>(allocateAligned(images * sizeof(float)));
  trainer.logits = static_cast<float *>(allocateAligned(images * static_cast<size_t>(trainer.classes) * sizeof(float)));
  if (trainer.hasDraws())
    trainer.draws = static_cast<int32_t *>(allocateAligned(images * sizeof(int32_t)));
  bool isComplete = trainer.inputs && trainer.loss && trainer.logits && (trainer.draws || !trainer.hasDraws());
  return isComplete ? SKIP_OK : fail(SKIP_OUT_OF_MEMORY, "no memory for a trainer");
}

/// The gradients' weights, zero as yet, and the context that runs with them.
static skip_status openContext(skip_trainer &trainer) {
  if (skip_status status = createModel(trainer.image->model, {.target = "x86", .device = 0}, &trainer.model); status != SKIP_OK)
    return status;
  const SkipTargetImage &target = *trainer.model->target;
  trainer.frozen.target = &target;
  trainer.frozen.segment = trainer.frozen.owned = allocateAligned(target.weightsBytes);
  if (!trainer.frozen.owned)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for the weights of what is frozen");
  memset(trainer.frozen.owned, 0, target.weightsBytes);
  const skip_trainer_options &given = trainer.options;
  skip_context_options options{.max_batch = given.max_group,
                               .workspace = given.workspace,
                               .workspace_bytes = given.workspace_bytes,
                               .pool = given.pool,
                               .parallel_for = given.parallel_for,
                               .parallel_user = given.parallel_user,
                               .undivided = 0};
  if (skip_status status = createContext(*trainer.model, &trainer.frozen, options, &trainer.context); status != SKIP_OK)
    return status;
  lendState(*trainer.context, trainer.state);
  return SKIP_OK;
}

static skip_status open(skip_trainer &trainer, const skip_model &model) {
  trainer.inference = &model;
  trainer.image = &skipTrainingImage;
  if (skip_status status = checkTrainingImage(*trainer.image, model); status != SKIP_OK)
    return status;
  for (auto part : {checkMemory, provideState, findTensors, provideArrays, openContext})
    if (skip_status status = part(trainer); status != SKIP_OK)
      return status;
  return SKIP_OK;
}

} // namespace skip::runtime

extern "C" {

int64_t skipmodel_trainer_max_group(const skip_model *model) {
  skip_trainer_options complete;
  return completeOptions(model, "trainer_max_group", nullptr, complete) == SKIP_OK ? complete.max_group : 0;
}

size_t skipmodel_trainer_state_bytes(const skip_model *model, const skip_trainer_options *options) {
  skip_trainer_options complete;
  bool makesSense = completeOptions(model, "trainer_state_bytes", options, complete) == SKIP_OK;
  return makesSense ? layoutOf(skipTrainingImage, complete).bytes : 0;
}

size_t skipmodel_trainer_workspace_bytes(const skip_model *model, const skip_trainer_options *options) {
  skip_trainer_options complete;
  bool makesSense = completeOptions(model, "trainer_workspace_bytes", options, complete) == SKIP_OK;
  return makesSense ? workspaceBytesOf(skipTrainingImage, complete) : 0;
}

skip_status skipmodel_trainer_create(const skip_model *model, const skip_trainer_options *options, skip_trainer **trainer) {
  if (!trainer)
    return fail(SKIP_INVALID_ARGUMENT, "trainer_create: `trainer` is null");
  *trainer = nullptr;
  skip_trainer_options complete;
  if (skip_status status = completeOptions(model, "trainer_create", options, complete); status != SKIP_OK)
    return status;
  skip_trainer *created = create<skip_trainer>();
  if (!created)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for a trainer");
  created->options = complete;
  skip_status status = open(*created, *model);
  if (status != SKIP_OK) {
    skipmodel_trainer_destroy(created);
    return status;
  }
  *trainer = created;
  return SKIP_OK;
}

void skipmodel_trainer_destroy(skip_trainer *trainer) {
  if (!trainer)
    return;
  if (trainer->context)
    returnState(*trainer->context);
  skipmodel_context_destroy(trainer->context);
  skipmodel_model_destroy(trainer->model);
  free(trainer->frozen.owned);
  for (void *memory : {trainer->ownedState, static_cast<void *>(trainer->entries), static_cast<void *>(trainer->frozenPlaces),
                       static_cast<void *>(trainer->inputs), static_cast<void *>(trainer->draws),
                       static_cast<void *>(trainer->loss), static_cast<void *>(trainer->logits),
                       static_cast<void *>(trainer->share.gradients), static_cast<void *>(trainer->share.statistics)})
    free(memory);
  destroy(trainer);
}

} // extern "C"
