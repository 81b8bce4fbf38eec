#include "emulator/driver/Streams.h"

#include "emulator/driver/Entries.h"
#include "emulator/driver/Report.h"

#include <algorithm>

namespace skip::driver {

Result refuse(Result result, const std::string &why) {
  reportMisuse("refused", std::string(nameOf(result)) + ": " + why);
  return result;
}

/// Of the captures that have not ended.
template <class Visit> static void forEachCapture(Visit visit) {
  auto &captures = state().captures;
  std::erase_if(captures, [](const std::weak_ptr<Capture> &weak) {
    auto capture = weak.lock();
    return !capture || capture->ended;
  });
  for (const std::weak_ptr<Capture> &weak : captures)
    visit(*weak.lock());
}

Result refusedByCapture() {
  CaptureMode mine = threadCaptureMode();
  if (mine == CaptureMode::relaxed)
    return Result::success;
  bool refused = false;
  forEachCapture([&](Capture &capture) {
    bool here = capture.thread == std::this_thread::get_id() && capture.mode != CaptureMode::relaxed;
    bool elsewhere = mine == CaptureMode::global && capture.mode == CaptureMode::global;
    if (here || elsewhere)
      refused = capture.invalidated = true;
  });
  return refused ? refuse(Result::captureUnsupported, "this call is unsafe while a stream captures, which is void now")
                 : Result::success;
}

Result refusedByImplicitOrder(ContextState &context) {
  bool refused = false;
  forEachCapture([&](Capture &capture) {
    if (capture.context == &context && capture.blocking)
      refused = capture.invalidated = true;
  });
  return refused ? refuse(Result::captureImplicit, "the legacy stream is used while a stream that it is ordered with captures")
                 : Result::success;
}

Result refusedWhileCapturing(StreamState &stream) {
  if (!stream.capture)
    return stream.legacy ? refusedByImplicitOrder(*stream.context) : Result::success;
  stream.capture->invalidated = true;
  return refuse(Result::captureUnsupported,
                "a stream that captures is waited for or asked whether it is done; the capture is void now");
}

static Result addNode(StreamState &stream, Work work, bool programmatic) {
  Capture &capture = *stream.capture;
  if (capture.invalidated)
    return Result::captureInvalidated;
  auto &nodes = capture.graph.nodes;
  bool overlaps = programmatic && stream.tips.size() == 1 && std::holds_alternative<KernelWork>(nodes[stream.tips[0]].work);
  if (auto *kernel = std::get_if<KernelWork>(&work))
    kernel->launch.programmatic = overlaps;
  GraphNode handle = reinterpret_cast<GraphNode>((uint64_t{0xf0} << 32) + 64 * ++state().nodeCount);
  nodes.push_back({handle, std::move(work), stream.tips, overlaps});
  stream.tips = {nodes.size() - 1};
  return Result::success;
}

/// The last operations of the streams that a stream is ordered with.
static std::vector<uint64_t> predecessors(StreamState &stream) {
  ContextState &context = *stream.context;
  std::vector<uint64_t> before{stream.last};
  if (stream.legacy) {
    for (auto &[key, other] : state().streams)
      if (other->context == &context && !other->nonBlocking)
        before.push_back(other->last);
    before.insert(before.end(), context.orphans.begin(), context.orphans.end());
  } else if (!stream.nonBlocking) {
    before.push_back(context.legacy.last);
  }
  return before;
}

Result enqueue(StreamState &stream, Work work, Order order) {
  if (stream.capture)
    return addNode(stream, std::move(work), order.programmatic);
  ContextState &context = *stream.context;
  if (stream.legacy)
    if (Result refused = refusedByImplicitOrder(context); refused != Result::success)
      return refused;
  Operation operation;
  operation.after = predecessors(stream);
  operation.after.push_back(order.after);
  std::erase_if(operation.after, [&](uint64_t other) { return !context.queue.isPending(other); });
  bool isKernel = std::holds_alternative<KernelWork>(work);
  operation.programmatic = order.programmatic && stream.lastIsKernel && operation.after == std::vector{stream.last};
  if (isKernel)
    std::get<KernelWork>(work).launch.programmatic = operation.programmatic;
  operation.work = std::move(work);
  stream.lastIsKernel = isKernel;
  stream.last = context.queue.add(std::move(operation));
  return Result::success;
}

Result finish(StreamState &stream) {
  ContextState &context = *stream.context;
  for (uint64_t operation : predecessors(stream)) // of the legacy stream: of all that it is ordered with
    context.queue.complete(operation);
  return context.error;
}

} // namespace skip::driver
