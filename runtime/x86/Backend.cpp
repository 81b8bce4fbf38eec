// The x86 target: host memory, and kernels that are functions of the library.
#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/x86/Body.h"
#include "runtime/x86/CpuDispatch.h"

#include <string.h>

namespace skip::runtime::x86 {

static skip_status open(skip_model &model, int32_t device) {
  if (device != 0)
    return fail(SKIP_INVALID_ARGUMENT, "model_create_for: target x86 has device 0 alone, asked for %d", device);
  SkipIsa isa = SKIP_ISA_AVX2;
  skip_status status = chooseIsa(builtIsas(*model.target), cpuIsas(), getenv("SKIP_ISA"), isa);
  model.body = isa;
  return status;
}

static void close(skip_model &) {}

static const char *bodyName(uint32_t body) { return isaName(static_cast<SkipIsa>(body)); }

/// The most that any step of the plan needs of each array, and any variant of state.
struct Room {
  uint64_t operands = 1, params = 3, extents = 1, stateBytes = 0;
};

static void widen(uint64_t &room, uint64_t needed) { room = needed > room ? needed : room; }

static Room roomFor(const SkipTargetImage &target) {
  Room room;
  for (uint32_t i = 0; i < target.variantCount; ++i) {
    const SkipVariant &variant = target.variants[i];
    widen(room.extents, variant.extentCount);
    widen(room.stateBytes, variant.stateBytes);
    for (uint32_t step = 0; step < variant.stepCount; ++step) {
      widen(room.operands, variant.steps[step].operandCount);
      widen(room.params, variant.steps[step].paramCount);
    }
  }
  return room;
}

/// Takes the caller's workspace or allocates one.
static skip_status provideWorkspace(skip_context &context, const skip_context_options &options) {
  size_t bytes = workspaceBytes(*context.model, context.maxBatch);
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
  context.workspace = bodyOf(context).ownedWorkspace = allocateAligned(bytes);
  if (!context.workspace)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for a workspace of %zu bytes (%lld images)", bytes,
                static_cast<long long>(context.maxBatch));
  return SKIP_OK;
}

/// For outputs that a run may be called without.
static bool provideSpares(const skip_context &context, Body &body) {
  const SkipModelImage &image = *context.model->image;
  body.outputs = static_cast<void **>(allocateAligned(image.outputCount * sizeof(void *)));
  body.spares = static_cast<void **>(allocateAligned(image.outputCount * sizeof(void *)));
  if (!body.outputs || !body.spares)
    return false;
  for (uint32_t i = 0; i < image.outputCount; ++i)
    body.spares[i] = nullptr;
  for (uint32_t i = 0; i < image.outputCount; ++i)
    if (isNeeded(*context.model->target, context.maxBatch, i) &&
        !(body.spares[i] = allocateAligned(static_cast<size_t>(context.maxBatch) * imageBytes(image.outputs[i]))))
      return false;
  return true;
}

static skip_status createContext(skip_context &context, const skip_context_options &options) {
  Body *body = create<Body>();
  context.body = body;
  if (!body)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for a context");
  Room room = roomFor(*context.model->target);
  body->operands = static_cast<void **>(allocateAligned(room.operands * sizeof(void *)));
  body->params = static_cast<int64_t *>(allocateAligned(room.params * sizeof(int64_t)));
  body->extents = static_cast<int64_t *>(allocateAligned(room.extents * sizeof(int64_t)));
  body->state = allocateAligned(room.stateBytes);
  body->inputs = static_cast<const float **>(allocateAligned(context.model->image->inputCount * sizeof(float *)));
  if (!body->inputs || !body->operands || !body->params || !body->extents || !body->state || !provideSpares(context, *body))
    return fail(SKIP_OUT_OF_MEMORY, "no memory for a context");
  memset(body->state, 0, room.stateBytes);
  return provideWorkspace(context, options);
}

static void destroyContext(skip_context &context) {
  Body *body = static_cast<Body *>(context.body);
  if (!body)
    return;
  for (uint32_t i = 0; body->spares && i < context.model->image->outputCount; ++i)
    free(body->spares[i]);
  free(body->spares);
  free(body->outputs);
  free(body->inputs);
  free(body->operands);
  free(body->params);
  free(body->extents);
  free(body->state);
  free(body->ownedWorkspace);
  destroy(body);
}

/// Kernels read weights where they lie.
static skip_status bind(skip_context &, const skip_weights *) { return SKIP_OK; }
static void releaseWeights(skip_weights &) {}

/// Kernels run on the CPU's threads, which no stream orders.
static skip_status runAsync(skip_context &context, int64_t n, const float *const *inputs, float *const *outputs, void *) {
  return run(context, n, inputs, outputs);
}

} // namespace skip::runtime::x86

const SkipBackend skipX86Backend = {.target = "x86",
                                    .open = skip::runtime::x86::open,
                                    .close = skip::runtime::x86::close,
                                    .bodyName = skip::runtime::x86::bodyName,
                                    .createContext = skip::runtime::x86::createContext,
                                    .destroyContext = skip::runtime::x86::destroyContext,
                                    .bind = skip::runtime::x86::bind,
                                    .releaseWeights = skip::runtime::x86::releaseWeights,
                                    .run = skip::runtime::x86::run,
                                    .runAsync = skip::runtime::x86::runAsync};
