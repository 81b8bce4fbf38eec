// Graphs that were captured, and what runs them.
#include "emulator/driver/Entries.h"
#include "emulator/driver/Streams.h"

#include <algorithm>

namespace skip::driver::entry {

Result cuGraphInstantiateWithFlags(GraphExec *exec, Graph handle, uint64_t flags) {
  constexpr uint64_t kKnown = kInstantiateAutoFree | kInstantiateUpload | kInstantiateDeviceLaunch | kInstantiateNodePriority;
  if (!exec || (flags & ~kKnown))
    return Result::invalidValue;
  ContextState *context = nullptr;
  if (Result result = currentContext(context); result != Result::success)
    return result;
  GraphState *graph = state().graphs.find(handle);
  if (!graph)
    return Result::invalidHandle;
  if (flags & kInstantiateDeviceLaunch)
    return Result::notSupported;
  auto made = std::make_unique<GraphExecState>();
  made->context = context;
  made->nodes = graph->nodes; // graphs are not changed once they are captured
  *exec = state().execs.add(std::move(made));
  return Result::success;
}

static Result findExec(GraphExec handle, GraphExecState *&exec) {
  if (contextStack().empty())
    return Result::invalidContext;
  exec = state().execs.find(handle);
  return exec ? exec->context->error : Result::invalidHandle;
}

Result cuGraphUpload(GraphExec handle, Stream streamHandle) {
  GraphExecState *exec = nullptr;
  if (Result result = findExec(handle, exec); result != Result::success)
    return result;
  StreamState *stream = nullptr;
  if (Result result = findStream(streamHandle, stream); result != Result::success)
    return result;
  if (stream->capture)
    return refusedWhileCapturing(*stream);
  return enqueue(*stream, NoWork{});
}

Result cuGraphLaunch(GraphExec handle, Stream streamHandle) {
  GraphExecState *exec = nullptr;
  if (Result result = findExec(handle, exec); result != Result::success)
    return result;
  StreamState *stream = nullptr;
  if (Result result = findStream(streamHandle, stream); result != Result::success)
    return result;
  if (exec->context != stream->context)
    return refuse(Result::invalidValue, "the graph was made for another context than the stream's");
  Result result = enqueue(*stream, GraphWork{exec->nodes}, {.after = exec->last});
  if (result == Result::success && !stream->capture)
    exec->last = stream->last;
  return result;
}

Result cuGraphDestroy(Graph graph) { return state().graphs.remove(graph) ? Result::success : Result::invalidHandle; }

/// Launches that were made before still run.
Result cuGraphExecDestroy(GraphExec exec) { return state().execs.remove(exec) ? Result::success : Result::invalidHandle; }

Result cuGraphGetNodes(Graph handle, GraphNode *nodes, size_t *count) {
  if (!count)
    return Result::invalidValue;
  GraphState *graph = state().graphs.find(handle);
  if (!graph)
    return Result::invalidHandle;
  auto &known = graph->nodes->nodes;
  for (size_t i = 0; nodes && i < *count; ++i)
    nodes[i] = i < known.size() ? known[i].handle : nullptr;
  *count = nodes ? std::min(*count, known.size()) : known.size();
  return Result::success;
}

static NodeState *findNode(GraphNode handle) {
  for (auto &[key, graph] : state().graphs)
    for (NodeState &node : graph->nodes->nodes)
      if (node.handle == handle)
        return &node;
  return nullptr;
}

Result cuGraphNodeGetType(GraphNode handle, GraphNodeType *type) {
  if (!type)
    return Result::invalidValue;
  NodeState *node = findNode(handle);
  if (!node)
    return Result::invalidHandle;
  *type = typeOf(node->work);
  return Result::success;
}

/// Without the arguments: they are kept as bytes, not as pointers.
Result cuGraphKernelNodeGetParams_v2(GraphNode handle, KernelNodeParams *params) {
  if (!params)
    return Result::invalidValue;
  NodeState *node = findNode(handle);
  if (!node)
    return Result::invalidHandle;
  auto *kernel = std::get_if<KernelWork>(&node->work);
  if (!kernel)
    return Result::invalidValue;
  const emulator::Launch &launch = kernel->launch;
  *params = {.function = nullptr,
             .gridDimX = launch.grid.x,
             .gridDimY = launch.grid.y,
             .gridDimZ = launch.grid.z,
             .blockDimX = launch.block.x,
             .blockDimY = launch.block.y,
             .blockDimZ = launch.block.z,
             .sharedMemBytes = launch.dynamicSharedBytes,
             .kernelParams = nullptr,
             .extra = nullptr,
             .kernel = nullptr,
             .context = nullptr};
  for (auto &[key, known] : state().kernels)
    if (known->code == kernel->code && known->index == launch.kernel) {
      params->function = known->handle;
      params->kernel = reinterpret_cast<Kernel>(known->handle);
    }
  return Result::success;
}

} // namespace skip::driver::entry
