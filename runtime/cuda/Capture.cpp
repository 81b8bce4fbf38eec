// Records a variant's launches in a graph. Turns are unrolled at the variant's bound, or the context's
// if that is less: a run of fewer images launches the same
// graph, and kernels return early for images that are not there, by the block's n.
#include "runtime/cuda/Capture.h"

#include "runtime/cuda/Driver.h"
#include "runtime/cuda/Launch.h"

namespace skip::cuda {

/// Records into `graph`. The stream does not capture any more afterwards, whatever came of it.
static skip_status record(const Launcher &launcher, Graph &graph) {
  Stream stream = launcher.body.stream;
  if (skip_status status = SKIP_DRIVER(cuStreamBeginCapture, stream, CaptureMode::threadLocal); status != SKIP_OK)
    return status;
  int64_t bound = launcher.variant().extents[0].bound, most = launcher.context.maxBatch;
  skip_status status =
      launcher.forEach(bound < most ? bound : most, [&](uint32_t step, Turn turn) { return launcher.step(step, turn); });
  Result ended = driver().cuStreamEndCapture(stream, &graph);
  if (ended != Result::success && !graph) { // a capture that is void is still ended by this; one that is not has to be
    CaptureStatus capturing = CaptureStatus::none;
    if (driver().cuStreamIsCapturing(stream, &capturing) == Result::success && capturing != CaptureStatus::none)
      driver().cuStreamEndCapture(stream, &graph);
  }
  return status == SKIP_OK ? check(ended, "cuStreamEndCapture") : status;
}

static skip_status instantiate(Graph graph, Stream stream, GraphExec &executable) {
  if (skip_status status = SKIP_DRIVER(cuGraphInstantiateWithFlags, &executable, graph, 0); status != SKIP_OK)
    return status;
  return SKIP_DRIVER(cuGraphUpload, executable, stream);
}

static skip_status capture(const Launcher &launcher, GraphExec &executable) {
  Graph graph = nullptr;
  skip_status status = record(launcher, graph);
  if (status == SKIP_OK)
    status = instantiate(graph, launcher.body.stream, executable);
  if (graph) {
    Result result = driver().cuGraphDestroy(graph);
    if (status == SKIP_OK)
      status = check(result, "cuGraphDestroy");
  }
  return status;
}

skip_status captureAll(const skip_context &context, DeviceAddress weights, GraphExec *graphs) {
  const Body &body = bodyOf(context);
  skip_status status = SKIP_OK;
  for (uint32_t i = 0; i < body.variantCount && status == SKIP_OK; ++i) {
    Launcher launcher{context, body, i, weights};
    status = capture(launcher, graphs[i]);
    if (status != SKIP_OK)
      status = inContext(status, "capture of the graph for %lld images",
                         static_cast<long long>(launcher.variant().extents[0].bound));
  }
  if (status == SKIP_OK)
    status = SKIP_DRIVER(cuStreamSynchronize, body.stream); // the uploads
  if (status != SKIP_OK)
    destroyGraphs(graphs, body.variantCount);
  return status;
}

skip_status capturePartial(const skip_context &context, uint32_t variantIndex, uint64_t wanted) {
  Body &body = bodyOf(context);
  GraphExec *graph = body.partialGraphs + variantIndex;
  if (*graph && body.partialWanted[variantIndex] == wanted)
    return SKIP_OK;
  if (skip_status status = SKIP_DRIVER(cuEventSynchronize, body.done); status != SKIP_OK)
    return status;
  destroyGraphs(graph, 1);
  Launcher launcher{context, body, variantIndex, body.weights ? body.weights->address : 0, wanted};
  skip_status status = capture(launcher, *graph);
  if (status == SKIP_OK)
    status = SKIP_DRIVER(cuStreamSynchronize, body.stream); // the upload
  if (status != SKIP_OK) {
    destroyGraphs(graph, 1);
    return inContext(status, "capture of the graph for the outputs that are wanted");
  }
  body.partialWanted[variantIndex] = wanted;
  return SKIP_OK;
}

void destroyGraphs(GraphExec *graphs, uint32_t count) {
  for (uint32_t i = 0; graphs && i < count; ++i)
    if (graphs[i]) {
      driver().cuGraphExecDestroy(graphs[i]);
      graphs[i] = nullptr;
    }
}

} // namespace skip::cuda
