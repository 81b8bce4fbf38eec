// Streams and what they capture.
#include "emulator/driver/Entries.h"
#include "emulator/driver/Graphs.h"
#include "emulator/driver/Streams.h"

#include <algorithm>

namespace skip::driver::entry {

// As drivers of today have them: the greatest priority is the least number.
static constexpr int kLeastPriority = 0, kGreatestPriority = -5;

Result cuCtxGetStreamPriorityRange(int *least, int *greatest) {
  ContextState *context = nullptr;
  if (Result result = currentContext(context); result != Result::success)
    return result;
  if (least)
    *least = kLeastPriority;
  if (greatest)
    *greatest = kGreatestPriority;
  return Result::success;
}

Result cuStreamCreateWithPriority(Stream *stream, unsigned flags, int priority) {
  if (!stream || flags > kStreamNonBlocking)
    return Result::invalidValue;
  ContextState *context = nullptr;
  if (Result result = currentContext(context); result != Result::success)
    return result;
  auto created = std::make_unique<StreamState>();
  created->context = context;
  created->nonBlocking = flags == kStreamNonBlocking;
  created->priority = std::clamp(priority, kGreatestPriority, kLeastPriority);
  *stream = state().streams.add(std::move(created));
  return Result::success;
}

Result cuStreamCreate(Stream *stream, unsigned flags) { return cuStreamCreateWithPriority(stream, flags, kLeastPriority); }

/// A stream that a caller created: the legacy stream is none.
static Result findOwnStream(Stream handle, StreamState *&stream) {
  if (Result result = findStream(handle, stream); result != Result::success)
    return result;
  return stream->legacy ? Result::invalidHandle : Result::success;
}

Result cuStreamDestroy_v2(Stream handle) {
  StreamState *stream = nullptr;
  if (Result result = findOwnStream(handle, stream); result != Result::success)
    return result;
  if (stream->capture)
    return refusedWhileCapturing(*stream);
  if (!stream->nonBlocking)
    stream->context->orphans.push_back(stream->last); // its work goes on
  state().streams.remove(handle);
  return Result::success;
}

/// The stream, unless waiting for it or asking after it is forbidden now.
static Result findToWait(Stream handle, StreamState *&stream) {
  if (Result result = findStream(handle, stream); result != Result::success)
    return result;
  if (Result refused = refusedWhileCapturing(*stream); refused != Result::success)
    return refused;
  return refusedByCapture();
}

Result cuStreamSynchronize(Stream handle) {
  StreamState *stream = nullptr;
  if (Result refused = findToWait(handle, stream); refused != Result::success)
    return refused;
  return finish(*stream);
}

Result cuStreamQuery(Stream handle) {
  StreamState *stream = nullptr;
  if (Result refused = findToWait(handle, stream); refused != Result::success)
    return refused;
  Queue &queue = stream->context->queue;
  bool busy = queue.isPending(stream->last);
  queue.advance(stream->last);
  if (stream->context->error != Result::success)
    return stream->context->error;
  return busy ? Result::notReady : Result::success;
}

Result cuStreamBeginCapture_v2(Stream handle, CaptureMode mode) {
  if (static_cast<int>(mode) < 0 || mode > CaptureMode::relaxed)
    return Result::invalidValue;
  StreamState *stream = nullptr;
  if (Result result = findStream(handle, stream); result != Result::success)
    return result;
  if (stream->legacy)
    return refuse(Result::captureUnsupported, "the legacy stream cannot capture");
  if (stream->capture)
    return refuse(Result::illegalState, "the stream captures already");
  auto capture = std::make_shared<Capture>();
  capture->mode = mode;
  capture->thread = std::this_thread::get_id();
  capture->origin = handle;
  capture->context = stream->context;
  capture->blocking = !stream->nonBlocking;
  stream->capture = capture;
  stream->tips.clear();
  state().captures.push_back(capture);
  return Result::success;
}

/// Whether all that was captured, in other streams too, comes before what the origin would do next.
static bool isJoined(const Capture &capture, const std::vector<size_t> &tips) {
  std::vector<size_t> last = leaves(capture.graph);
  return std::all_of(last.begin(), last.end(),
                     [&](size_t leaf) { return std::find(tips.begin(), tips.end(), leaf) != tips.end(); });
}

static void release(Capture &capture) {
  capture.ended = true;
  for (auto &[key, stream] : state().streams)
    if (stream->capture.get() == &capture) {
      stream->capture.reset();
      stream->tips.clear();
    }
}

Result cuStreamEndCapture(Stream handle, Graph *graph) {
  if (!graph)
    return Result::invalidValue;
  StreamState *stream = nullptr;
  if (Result result = findStream(handle, stream); result != Result::success)
    return result;
  if (!stream->capture)
    return refuse(Result::illegalState, "the stream does not capture");
  std::shared_ptr<Capture> capture = stream->capture;
  *graph = nullptr;
  if (capture->origin != handle)
    return refuse(Result::captureUnmatched, "the capture began in another stream");
  if (capture->mode != CaptureMode::relaxed && capture->thread != std::this_thread::get_id())
    return refuse(Result::captureWrongThread, "the capture was begun by another thread");
  bool joined = isJoined(*capture, stream->tips);
  release(*capture);
  if (capture->invalidated)
    return Result::captureInvalidated;
  if (!joined)
    return refuse(Result::captureUnjoined,
                  "work of another stream was captured, but the stream that began does not wait for it");
  auto made = std::make_unique<GraphState>();
  made->nodes = std::make_shared<GraphNodes>(std::move(capture->graph));
  *graph = state().graphs.add(std::move(made));
  return Result::success;
}

Result cuStreamIsCapturing(Stream handle, CaptureStatus *status) {
  if (!status)
    return Result::invalidValue;
  StreamState *stream = nullptr;
  if (Result result = findStream(handle, stream); result != Result::success)
    return result;
  *status = !stream->capture               ? CaptureStatus::none
            : stream->capture->invalidated ? CaptureStatus::invalidated
                                           : CaptureStatus::active;
  if (stream->legacy) // asked only: no capture is void by this
    for (auto &weak : state().captures)
      if (auto capture = weak.lock(); capture && !capture->ended && capture->blocking && capture->context == stream->context)
        return Result::captureImplicit;
  return Result::success;
}

Result cuStreamGetCtx(Stream handle, Context *context) {
  if (!context)
    return Result::invalidValue;
  StreamState *stream = nullptr;
  if (Result result = findStream(handle, stream); result != Result::success)
    return result;
  *context = stream->context->handle;
  return Result::success;
}

Result cuThreadExchangeStreamCaptureMode(CaptureMode *mode) {
  if (!mode || static_cast<int>(*mode) < 0 || *mode > CaptureMode::relaxed)
    return Result::invalidValue;
  std::swap(threadCaptureMode(), *mode);
  return Result::success;
}

} // namespace skip::driver::entry
