// Contexts: everything that a run writes, allocated before the first run. Run.cpp walks the plan.
#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/Objects.h"

#include <string.h>

using namespace skip::runtime;

namespace skip::runtime {

/// The most that any step of the model needs of each array, and any variant of state.
struct Room {
  uint64_t operands = 1, params = 3, extents = 1, stateBytes = 0;
};

static void widen(uint64_t &room, uint64_t needed) { room = needed > room ? needed : room; }

static Room roomFor(const SkipModelImage &image) {
  Room room;
  for (uint32_t i = 0; i < image.variantCount; ++i) {
    const SkipVariant &variant = image.variants[i];
    widen(room.extents, variant.extentCount);
    widen(room.stateBytes, variant.stateBytes);
    for (uint32_t step = 0; step < variant.stepCount; ++step) {
      widen(room.operands, variant.steps[step].operandCount);
      widen(room.params, variant.steps[step].paramCount);
    }
  }
  return room;
}

static skip_status checkWeights(const skip_model &model, const skip_weights *weights) {
  if (weights && weights->image != model.image)
    return fail(SKIP_INVALID_ARGUMENT, "these weights were loaded by another library than that of model `%s`",
                model.image->name);
  return SKIP_OK;
}

/// Takes the caller's workspace or allocates one.
static skip_status provideWorkspace(skip_context &context, const skip_context_options &options) {
  size_t bytes = skipmodel_model_workspace_bytes(context.model, context.maxBatch);
  context.workspaceBytes = bytes;
  if (options.workspace) {
    if (reinterpret_cast<uintptr_t>(options.workspace) % 64 != 0)
      return fail(SKIP_INVALID_ARGUMENT, "context_create: the workspace is not 64-byte aligned");
    if (options.workspace_bytes < bytes)
      return fail(SKIP_INVALID_ARGUMENT, "context_create: the workspace has %zu bytes, %lld images need %zu",
                  options.workspace_bytes, static_cast<long long>(context.maxBatch), bytes);
    context.workspace = options.workspace;
    return SKIP_OK;
  }
  context.workspace = context.ownedWorkspace = allocateAligned(bytes);
  if (!context.workspace)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for a workspace of %zu bytes (%lld images)", bytes,
                static_cast<long long>(context.maxBatch));
  memset(context.workspace, 0, bytes); // touches every page, which the first run would have to do
  return SKIP_OK;
}

static skip_status provideTables(skip_context &context) {
  Room room = roomFor(*context.model->image);
  context.operands = static_cast<void **>(allocateAligned(room.operands * sizeof(void *)));
  context.params = static_cast<int64_t *>(allocateAligned(room.params * sizeof(int64_t)));
  context.extents = static_cast<int64_t *>(allocateAligned(room.extents * sizeof(int64_t)));
  context.state = allocateAligned(room.stateBytes);
  if (!context.operands || !context.params || !context.extents || !context.state)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for a context");
  memset(context.state, 0, room.stateBytes);
  return SKIP_OK;
}

static skip_status configure(skip_context &context, const skip_weights *weights, const skip_context_options &options) {
  int64_t limit = skipmodel_model_max_batch(context.model);
  context.maxBatch = options.max_batch == 0 ? limit : options.max_batch;
  if (context.maxBatch < 1 || context.maxBatch > limit)
    return fail(SKIP_INVALID_ARGUMENT, "context_create: max_batch is %lld, the library was built for 1 to %lld",
                static_cast<long long>(options.max_batch), static_cast<long long>(limit));
  if (options.pool && options.parallel_for)
    return fail(SKIP_INVALID_ARGUMENT, "context_create: give a pool or a parallel_for, not both");
  context.weights = weights;
  context.pool = options.pool;
  context.parallelFor = options.parallel_for;
  context.parallelUser = options.parallel_user;
  if (skip_status status = provideTables(context); status != SKIP_OK)
    return status;
  return provideWorkspace(context, options);
}

} // namespace skip::runtime

extern "C" {

skip_status skipmodel_context_create(const skip_model *model, const skip_weights *weights, const skip_context_options *options,
                                     skip_context **context) {
  if (!context)
    return fail(SKIP_INVALID_ARGUMENT, "context_create: `context` is null");
  *context = nullptr;
  if (!model)
    return fail(SKIP_INVALID_ARGUMENT, "context_create: `model` is null");
  if (skip_status status = checkWeights(*model, weights); status != SKIP_OK)
    return status;
  skip_context *created = create<skip_context>();
  if (!created)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for a context");
  created->model = model;
  skip_status status = configure(*created, weights, options ? *options : skip_context_options{});
  if (status != SKIP_OK) {
    skipmodel_context_destroy(created);
    return status;
  }
  *context = created;
  return SKIP_OK;
}

skip_status skipmodel_context_bind(skip_context *context, const skip_weights *weights) {
  if (!context)
    return fail(SKIP_INVALID_ARGUMENT, "context_bind: `context` is null");
  if (skip_status status = checkWeights(*context->model, weights); status != SKIP_OK)
    return status;
  BusyGuard guard(context->busy);
  if (!guard.taken)
    return fail(SKIP_BUSY, "context_bind: the context is inside a run");
  context->weights = weights;
  return SKIP_OK;
}

skip_status skipmodel_context_observe(skip_context *context, skip_observer observer, void *user) {
  if (!context)
    return fail(SKIP_INVALID_ARGUMENT, "context_observe: `context` is null");
  BusyGuard guard(context->busy);
  if (!guard.taken)
    return fail(SKIP_BUSY, "context_observe: the context is inside a run");
  context->observer = observer;
  context->observerUser = user;
  return SKIP_OK;
}

void skipmodel_context_destroy(skip_context *context) {
  if (!context)
    return;
  free(context->operands);
  free(context->params);
  free(context->extents);
  free(context->state);
  free(context->ownedWorkspace);
  destroy(context);
}

} // extern "C"
