// The CUDA target: contexts on a device, and what they are made of.
#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/cuda/Capture.h"
#include "runtime/cuda/Code.h"
#include "runtime/cuda/Run.h"

using namespace skip::runtime;

namespace skip::cuda {

static constexpr uint64_t alignment = 256;

namespace {
/// Places in the arena, one behind another; too many bytes are so many that no device has them.
struct Places {
  uint64_t bytes = 0;

  uint64_t take(uint64_t wanted) {
    uint64_t at = bytes;
    if (wanted > UINT64_MAX - alignment ||
        __builtin_add_overflow(bytes, (wanted + alignment - 1) / alignment * alignment, &bytes))
      bytes = UINT64_MAX / 2;
    return at;
  }
};
} // namespace

static uint64_t largestState(const skip_context &context) {
  uint64_t most = 1;
  for (uint32_t i = 0; i < bodyOf(context).variantCount; ++i)
    if (uint64_t bytes = context.model->target->variants[i].stateBytes; bytes > most)
      most = bytes;
  return most;
}

static uint64_t arrayBytes(const skip_context &context, uint32_t port) {
  return static_cast<uint64_t>(context.maxBatch) * imageBytes(portOf(*context.model->image, port));
}

static skip_status clear(const Body &body, DeviceAddress address, uint64_t bytes) {
  if (skip_status status = SKIP_DRIVER(cuMemsetD8Async, address, 0, bytes, body.stream); status != SKIP_OK)
    return status;
  return SKIP_DRIVER(cuStreamSynchronize, body.stream);
}

/// Tensor maps are of as many images as a turn can have, so of a run with fewer they also copy from those that it does not
/// have: what is not stored afterwards, but must be there.
static skip_status clearWorkspace(const skip_context &context) {
  const Body &body = bodyOf(context);
  if (body.opened->column != SKIP_CUDA_SM_90A || context.workspaceBytes == 0)
    return SKIP_OK;
  return clear(body, body.workspace, context.workspaceBytes);
}

/// One allocation for all that runs write.
static skip_status allocateArena(skip_context &context, bool hasWorkspace) {
  Body &body = bodyOf(context);
  Places places;
  uint64_t stateBytes = largestState(context);
  body.block = places.take(sizeof(SkipCudaBlock));
  body.state = places.take(stateBytes);
  uint32_t ports = portCount(*context.model->image);
  for (uint32_t i = 0; i < ports; ++i)
    body.places[i] = places.take(arrayBytes(context, i));
  uint64_t workspace = hasWorkspace ? 0 : places.take(context.workspaceBytes);
  if (skip_status status = SKIP_DRIVER(cuMemAlloc, &body.arena, places.bytes); status != SKIP_OK)
    return inContext(status, "no memory on device %d for %llu bytes (%lld images)", body.opened->device,
                     static_cast<unsigned long long>(places.bytes), static_cast<long long>(context.maxBatch));
  body.block += body.arena;
  body.state += body.arena;
  for (uint32_t i = 0; i < ports; ++i)
    body.places[i] += body.arena;
  if (!hasWorkspace)
    body.workspace = body.arena + workspace;
  return clear(body, body.state, stateBytes);
}

/// A caller's workspace is memory of the device.
static skip_status takeWorkspace(skip_context &context, const skip_context_options &options) {
  Body &body = bodyOf(context);
  DeviceAddress address = reinterpret_cast<DeviceAddress>(options.workspace);
  MemoryType type = MemoryType::host;
  Result result = driver().cuPointerGetAttribute(&type, PointerAttribute::memoryType, address);
  if (result != Result::success && result != Result::invalidValue)
    return check(result, "cuPointerGetAttribute");
  if (result == Result::invalidValue || type == MemoryType::host)
    return fail(SKIP_INVALID_ARGUMENT,
                "the workspace is memory of the host; target cuda takes memory of device %d, "
                "or none",
                body.opened->device);
  int ordinal = -1;
  if (skip_status status = SKIP_DRIVER(cuPointerGetAttribute, &ordinal, PointerAttribute::deviceOrdinal, address);
      status != SKIP_OK)
    return status;
  if (ordinal != body.opened->device)
    return fail(SKIP_INVALID_ARGUMENT, "the workspace lies on device %d, the context's is %d", ordinal, body.opened->device);
  if (address % alignment != 0)
    return fail(SKIP_INVALID_ARGUMENT, "the workspace is not %d-byte aligned", static_cast<int>(alignment));
  if (options.workspace_bytes < context.workspaceBytes)
    return fail(SKIP_INVALID_ARGUMENT, "the workspace has %zu bytes, %lld images need %zu", options.workspace_bytes,
                static_cast<long long>(context.maxBatch), context.workspaceBytes);
  body.workspace = address;
  return SKIP_OK;
}

static skip_status provideMemory(skip_context &context, const skip_context_options &options) {
  context.workspaceBytes = workspaceBytes(*context.model, context.maxBatch);
  if (options.workspace)
    if (skip_status status = takeWorkspace(context, options); status != SKIP_OK)
      return status;
  skip_status status = allocateArena(context, options.workspace != nullptr);
  context.workspace = reinterpret_cast<void *>(bodyOf(context).workspace);
  return status == SKIP_OK ? clearWorkspace(context) : status;
}

static skip_status makeRoom(const SkipTargetImage &target, Body &body) {
  size_t operands = 0, maps = 1;
  for (uint32_t i = 0; i < body.variantCount; ++i) {
    const SkipVariant &variant = target.variants[i];
    for (uint32_t step = 0; step < variant.stepCount; ++step)
      if (size_t count = variant.steps[step].operandCount; count > operands)
        operands = count;
    for (uint32_t kernel = 0; kernel < variant.kernelCount; ++kernel)
      if (size_t count = formOf(variant, kernel, body.opened->column).mapCount; count > maps)
        maps = count;
  }
  constexpr size_t others = 3; // block, first, images
  body.graphs = static_cast<GraphExec *>(calloc(body.variantCount, sizeof(GraphExec)));
  body.partialGraphs = static_cast<GraphExec *>(calloc(body.variantCount, sizeof(GraphExec)));
  body.partialWanted = static_cast<uint64_t *>(calloc(body.variantCount, sizeof(uint64_t)));
  body.arguments = static_cast<uint64_t *>(calloc(operands + others, sizeof(uint64_t)));
  body.maps = static_cast<TensorMap *>(allocateAligned(maps * sizeof(TensorMap)));
  body.pointers = static_cast<void **>(calloc(operands + others + maps, sizeof(void *)));
  bool isWhole = body.graphs && body.partialGraphs && body.partialWanted && body.arguments && body.maps && body.pointers;
  return isWhole ? SKIP_OK : fail(SKIP_OUT_OF_MEMORY, "no memory for a context");
}

static size_t largestArray(const skip_context &context) {
  uint64_t most = 1;
  for (uint32_t i = 0; i < portCount(*context.model->image); ++i)
    if (uint64_t bytes = arrayBytes(context, i); bytes > most)
      most = bytes;
  return most;
}

static skip_status fill(skip_context &context, Body &body, const skip_context_options &options) {
  skip_status status = SKIP_DRIVER(cuStreamCreateWithPriority, &body.stream, kStreamNonBlocking, 0);
  if (status == SKIP_OK)
    status = SKIP_DRIVER(cuEventCreate, &body.done, kEventDisableTiming);
  if (status == SKIP_OK)
    status = body.staging.create(largestArray(context));
  if (status == SKIP_OK)
    status = provideMemory(context, options);
  if (status == SKIP_OK && context.model->target->weightsBytes == 0)
    status = captureAll(context, 0, body.graphs); // with weights, when they are bound
  return status;
}

static skip_status createContext(skip_context &context, const skip_context_options &options) {
  Body *body = create<Body>();
  context.body = body;
  if (!body)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for a context");
  const skip_model &model = *context.model;
  body->opened = &openedOf(model);
  body->variantCount = static_cast<uint32_t>(variantFor(model, context.maxBatch) - model.target->variants) + 1;
  if (skip_status status = makeRoom(*model.target, *body); status != SKIP_OK)
    return status;
  Current current(body->opened->context);
  skip_status status = current.enter();
  if (status == SKIP_OK)
    status = current.leave(fill(context, *body, options));
  return status == SKIP_OK ? SKIP_OK : inContext(afterFault(status, body->opened->device), "context_create");
}

/// Runs that were given to streams of the caller's still use what is to go.
static void giveBack(Body &body) {
  if (body.done)
    driver().cuEventSynchronize(body.done);
  destroyGraphs(body.graphs, body.variantCount);
  destroyGraphs(body.partialGraphs, body.variantCount);
  body.staging.destroy();
  if (body.done)
    driver().cuEventDestroy(body.done);
  if (body.arena)
    driver().cuMemFree(body.arena);
  if (body.stream)
    driver().cuStreamDestroy(body.stream);
}

static void destroyContext(skip_context &context) {
  Body *body = static_cast<Body *>(context.body);
  if (!body)
    return;
  Current current(body->opened->context);
  if (body->stream && current.enterToGiveBack())
    giveBack(*body);
  current.leave();
  dropWeights(body->weights);
  free(body->graphs);
  free(body->partialGraphs);
  free(body->partialWanted);
  free(body->arguments);
  free(body->maps);
  free(body->pointers);
  destroy(body);
}

/// Graphs with the new weights beside the old ones, then an exchange. Runs on their way still read the old.
static skip_status exchange(const skip_context &context, Body &body, DeviceWeights *&weights, GraphExec *&graphs) {
  if (skip_status status = captureAll(context, weights->address, graphs); status != SKIP_OK)
    return status;
  if (skip_status status = SKIP_DRIVER(cuEventSynchronize, body.done); status != SKIP_OK) {
    destroyGraphs(graphs, body.variantCount);
    return status;
  }
  DeviceWeights *oldWeights = body.weights;
  GraphExec *oldGraphs = body.graphs;
  body.weights = weights;
  body.graphs = graphs;
  weights = oldWeights;
  graphs = oldGraphs;
  destroyGraphs(graphs, body.variantCount);
  destroyGraphs(body.partialGraphs, body.variantCount);
  return SKIP_OK;
}

static skip_status bindHeld(const skip_context &context, const skip_weights &weights) {
  Body &body = bodyOf(context);
  DeviceWeights *held = nullptr;
  GraphExec *graphs = static_cast<GraphExec *>(calloc(body.variantCount, sizeof(GraphExec)));
  if (!graphs)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for weights on a device");
  skip_status status = holdWeights(weights, *body.opened, body.stream, held);
  if (status == SKIP_OK)
    status = exchange(context, body, held, graphs);
  dropWeights(held); // the old ones, or those that could not be bound
  free(graphs);
  return status;
}

static skip_status unbind(Body &body) {
  if (skip_status status = SKIP_DRIVER(cuEventSynchronize, body.done); status != SKIP_OK)
    return status;
  destroyGraphs(body.graphs, body.variantCount);
  destroyGraphs(body.partialGraphs, body.variantCount);
  dropWeights(body.weights);
  body.weights = nullptr;
  return SKIP_OK;
}

static skip_status bind(skip_context &context, const skip_weights *weights) {
  Body &body = bodyOf(context);
  if (skip_status status = checkFault(body, "context_bind"); status != SKIP_OK)
    return status;
  if (context.model->target->weightsBytes == 0)
    return SKIP_OK;
  Current current(body.opened->context);
  skip_status status = current.enter();
  if (status == SKIP_OK)
    status = current.leave(weights ? bindHeld(context, *weights) : unbind(body));
  return answer(body, "context_bind", status);
}

} // namespace skip::cuda

const SkipBackend skipCudaBackend = {.target = "cuda",
                                     .open = skip::cuda::open,
                                     .close = skip::cuda::close,
                                     .bodyName = skip::cuda::nameOfBody,
                                     .createContext = skip::cuda::createContext,
                                     .destroyContext = skip::cuda::destroyContext,
                                     .bind = skip::cuda::bind,
                                     .releaseWeights = skip::cuda::releaseWeights,
                                     .run = skip::cuda::run,
                                     .runAsync = skip::cuda::runAsync};
