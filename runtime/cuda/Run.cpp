// One run: the block, the host's inputs, the graph, the host's outputs, all in one stream.
//
// A failure in the middle leaves work in the stream that nobody knows of. It is waited for; where that fails too, as it does
// after a fault of a kernel, the context is of no use any more, and all that is asked of it later is answered with the fault's
// text.
#include "runtime/cuda/Run.h"

#include "runtime/Error.h"
#include "runtime/Overlap.h"
#include "runtime/cuda/Capture.h"
#include "runtime/cuda/Launch.h"

#include <stdio.h>

using namespace skip::runtime;

namespace skip::cuda {

skip_status checkFault(const Body &body, const char *call) {
  if (!body.fault[0])
    return SKIP_OK;
  return failLines(SKIP_DRIVER_ERROR, "%s: the device failed in an earlier run, after which this process cannot use it: %s",
                   call, body.fault);
}

skip_status answer(Body &body, const char *call, skip_status status, bool isLost) {
  if (status == SKIP_OK)
    return SKIP_OK;
  bool isOver = isLost || isFault(status);
  status = inContext(status, "%s", call);
  if (isOver)
    snprintf(body.fault, sizeof body.fault, "%s", lastErrorText());
  return status;
}

namespace {
enum class Memory { device, pinned, pageable, absent };

struct Run {
  skip_context &context;
  Body &body;
  int64_t n;
  uint32_t variantIndex;
  Stream stream;
  const float *const *inputs;
  float *const *outputs;
  Memory memory[SKIP_MOST_CUDA_PORTS] = {};
  bool isLost = false; // what is in the stream came to no end

  const SkipModelImage &image() const { return *context.model->image; }
  bool isInput(uint32_t port) const { return port < image().inputCount; }
  void *array(uint32_t port) const {
    return isInput(port) ? const_cast<float *>(inputs[port]) : outputs[port - image().inputCount];
  }
  const char *kind(uint32_t port) const { return isInput(port) ? "input" : "output"; }
  const char *name(uint32_t port) const { return portOf(image(), port).name; }
  /// Says of a failure which array it is of.
  skip_status at(uint32_t port, skip_status status) const {
    return status == SKIP_OK ? SKIP_OK : inContext(status, "%s `%.200s`", kind(port), name(port));
  }
  size_t bytes(uint32_t port) const { return static_cast<size_t>(n) * imageBytes(portOf(image(), port)); }

  skip_status locate(bool mayBePageable);
  skip_status locate(uint32_t port);
  SkipCudaBlock block() const;
  uint64_t wanted() const;
  skip_status sendInputs();
  /// What is waited for, before anything is in the stream.
  skip_status prepareGraph() {
    return context.observer || wanted() == allOutputs ? SKIP_OK : capturePartial(context, variantIndex, wanted());
  }
  skip_status launch(Current &current);
  skip_status fetchPinned();
  skip_status fetchPageable();
  skip_status enqueue(Current &current);
};
} // namespace

/// Where the array lies. The driver knows no address of pageable memory.
skip_status Run::locate(uint32_t port) {
  if (!array(port)) { // of an output: where it is needed for others, it has a place of the context's
    memory[port] = Memory::absent;
    return SKIP_OK;
  }
  DeviceAddress address = reinterpret_cast<DeviceAddress>(array(port));
  MemoryType type = MemoryType::host;
  Result result = driver().cuPointerGetAttribute(&type, PointerAttribute::memoryType, address);
  if (result == Result::invalidValue) {
    memory[port] = Memory::pageable;
    return SKIP_OK;
  }
  if (result != Result::success)
    return at(port, check(result, "cuPointerGetAttribute"));
  memory[port] = type == MemoryType::host ? Memory::pinned : Memory::device;
  if (memory[port] == Memory::pinned)
    return SKIP_OK;
  int ordinal = -1;
  if (skip_status status = SKIP_DRIVER(cuPointerGetAttribute, &ordinal, PointerAttribute::deviceOrdinal, address);
      status != SKIP_OK)
    return at(port, status);
  if (ordinal != body.opened->device)
    return fail(SKIP_INVALID_ARGUMENT, "%s `%s` lies on device %d, the context's is %d", kind(port), name(port), ordinal,
                body.opened->device);
  if (address % sizeof(float) != 0) // a kernel's fault would cost the process its device
    return fail(SKIP_INVALID_ARGUMENT, "%s `%s` is not aligned as float32 is", kind(port), name(port));
  return SKIP_OK;
}

skip_status Run::locate(bool mayBePageable) {
  for (uint32_t port = 0; port < portCount(image()); ++port) {
    if (skip_status status = locate(port); status != SKIP_OK)
      return status;
    if (memory[port] == Memory::pageable && !mayBePageable)
      return fail(SKIP_INVALID_ARGUMENT,
                  "%s `%s` is neither memory of the device nor pinned: copies of other memory have to be waited for",
                  kind(port), name(port));
  }
  return SKIP_OK;
}

SkipCudaBlock Run::block() const {
  SkipCudaBlock block = {};
  block.n = n;
  for (uint32_t port = 0; port < portCount(image()); ++port)
    block.ports[port] = memory[port] == Memory::device ? reinterpret_cast<DeviceAddress>(array(port)) : body.places[port];
  return block;
}

skip_status Run::sendInputs() {
  for (uint32_t port = 0; port < image().inputCount; ++port) {
    skip_status status = SKIP_OK;
    if (memory[port] == Memory::pinned)
      status = SKIP_DRIVER(cuMemcpyHtoDAsync, body.places[port], array(port), bytes(port), stream);
    else if (memory[port] == Memory::pageable)
      status = body.staging.sendArray(array(port), body.places[port], bytes(port), stream);
    if (status != SKIP_OK)
      return at(port, status);
  }
  return SKIP_OK;
}

skip_status Run::fetchPinned() {
  for (uint32_t port = image().inputCount; port < portCount(image()); ++port)
    if (memory[port] == Memory::pinned)
      if (skip_status status = SKIP_DRIVER(cuMemcpyDtoHAsync, array(port), body.places[port], bytes(port), stream);
          status != SKIP_OK)
        return at(port, status);
  return SKIP_OK;
}

skip_status Run::fetchPageable() {
  for (uint32_t port = image().inputCount; port < portCount(image()); ++port)
    if (memory[port] == Memory::pageable)
      if (skip_status status = body.staging.fetchArray(body.places[port], array(port), bytes(port), stream); status != SKIP_OK)
        return at(port, status);
  return SKIP_OK;
}

/// Which outputs there are arrays for, as in SkipStep.
uint64_t Run::wanted() const {
  uint64_t some = 0;
  bool areAll = true;
  for (uint32_t i = 0; i < image().outputCount; ++i) {
    areAll = areAll && outputs[i];
    some |= outputs[i] ? uint64_t{1} << (i < 63 ? i : 63) : 0;
  }
  return areAll ? allOutputs : some;
}

skip_status Run::launch(Current &current) {
  if (context.observer)
    return runObserved(context, variantIndex, block(), wanted(), current);
  if (wanted() == allOutputs)
    return SKIP_DRIVER(cuGraphLaunch, body.graphs[variantIndex], stream);
  return SKIP_DRIVER(cuGraphLaunch, body.partialGraphs[variantIndex], stream);
}

/// All of a run but what has to be waited for. Runs of a context share the arena: each waits for the one before, whatever its
/// stream was.
skip_status Run::enqueue(Current &current) {
  skip_status status = SKIP_DRIVER(cuStreamWaitEvent, stream, body.done, 0);
  if (status == SKIP_OK)
    status = body.staging.sendBlock(block(), body.block, stream);
  if (status == SKIP_OK)
    status = sendInputs();
  if (status == SKIP_OK)
    status = launch(current);
  if (status == SKIP_OK)
    status = fetchPinned();
  return status == SKIP_OK ? SKIP_DRIVER(cuEventRecord, body.done, stream) : status;
}

/// After a failure: what is in the stream comes to its end, or the context does.
static skip_status settle(Run &run, skip_status status) {
  run.isLost = driver().cuStreamSynchronize(run.stream) != Result::success;
  return status;
}

static skip_status runIn(Run &run, Current &current, bool waits) {
  if (skip_status status = run.locate(/*mayBePageable=*/waits); status != SKIP_OK)
    return status;
  if (skip_status status = run.prepareGraph(); status != SKIP_OK)
    return status;
  skip_status status = run.enqueue(current);
  if (status == SKIP_OK && waits)
    status = run.fetchPageable();
  if (status == SKIP_OK && waits)
    status = SKIP_DRIVER(cuStreamSynchronize, run.stream);
  return status == SKIP_OK ? SKIP_OK : settle(run, status);
}

static uint32_t variantIndexFor(const skip_model &model, int64_t n) {
  return static_cast<uint32_t>(variantFor(model, n) - model.target->variants);
}

skip_status run(skip_context &context, int64_t n, const float *const *inputs, float *const *outputs) {
  Body &body = bodyOf(context);
  if (skip_status status = checkFault(body, "run"); status != SKIP_OK)
    return status;
  if (skip_status status = checkOverlap(context, n, inputs, outputs); status != SKIP_OK)
    return status;
  Current current(body.opened->context);
  Run run{context, body, n, variantIndexFor(*context.model, n), body.stream, inputs, outputs};
  skip_status status = current.enter();
  if (status == SKIP_OK)
    status = current.leave(runIn(run, current, /*waits=*/true));
  return answer(body, "run", status, run.isLost);
}

/// The stream must be one that the work of a run may be given to.
static skip_status checkStream(const Opened &opened, Stream stream) {
  CaptureStatus capturing = CaptureStatus::none;
  Context context = nullptr;
  skip_status status = SKIP_DRIVER(cuStreamIsCapturing, stream, &capturing);
  if (status == SKIP_OK)
    status = SKIP_DRIVER(cuStreamGetCtx, stream, &context);
  if (status != SKIP_OK)
    return inContext(status, "the stream");
  if (capturing != CaptureStatus::none)
    return fail(SKIP_INVALID_ARGUMENT, "the stream captures, and a run cannot be a part of a graph");
  if (context != opened.context)
    return fail(SKIP_INVALID_ARGUMENT, "the stream is another device's or context's, not one of device %d's primary context",
                opened.device);
  return SKIP_OK;
}

static skip_status runAsyncIn(Run &run, Current &current) {
  skip_status status = checkStream(*run.body.opened, run.stream);
  return status == SKIP_OK ? runIn(run, current, /*waits=*/false) : status;
}

skip_status runAsync(skip_context &context, int64_t n, const float *const *inputs, float *const *outputs, void *stream) {
  Body &body = bodyOf(context);
  if (skip_status status = checkFault(body, "run_async"); status != SKIP_OK)
    return status;
  if (context.observer)
    return fail(SKIP_INVALID_ARGUMENT,
                "run_async: the context has an observer, which hears a run's steps while it is waited for");
  if (skip_status status = checkOverlap(context, n, inputs, outputs); status != SKIP_OK)
    return status;
  Current current(body.opened->context);
  Run run{context, body, n, variantIndexFor(*context.model, n), static_cast<Stream>(stream), inputs, outputs};
  skip_status status = current.enter();
  if (status == SKIP_OK)
    status = current.leave(runAsyncIn(run, current));
  return answer(body, "run_async", status, run.isLost);
}

} // namespace skip::cuda
