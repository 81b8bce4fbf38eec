// Events: marks in streams, and what makes one stream wait for another.
#include "emulator/driver/Entries.h"
#include "emulator/driver/Streams.h"

#include <algorithm>

namespace skip::driver::entry {

static Result findEvent(Event handle, EventState *&event) {
  if (contextStack().empty())
    return Result::invalidContext;
  event = state().events.find(handle);
  return event ? event->context->error : Result::invalidHandle;
}

Result cuEventCreate(Event *event, unsigned flags) {
  constexpr unsigned kKnown = kEventBlockingSync | kEventDisableTiming | kEventInterprocess;
  if (!event || (flags & ~kKnown))
    return Result::invalidValue;
  ContextState *context = nullptr;
  if (Result result = currentContext(context); result != Result::success)
    return result;
  if (flags & kEventInterprocess)
    return Result::notSupported;
  auto created = std::make_unique<EventState>();
  created->context = context;
  created->flags = flags;
  *event = state().events.add(std::move(created));
  return Result::success;
}

Result cuEventDestroy_v2(Event handle) {
  EventState *event = nullptr;
  if (Result result = findEvent(handle, event); result != Result::success)
    return result;
  state().events.remove(handle);
  return Result::success;
}

Result cuEventRecord(Event handle, Stream streamHandle) {
  EventState *event = nullptr;
  if (Result result = findEvent(handle, event); result != Result::success)
    return result;
  StreamState *stream = nullptr;
  if (Result result = findStream(streamHandle, stream); result != Result::success)
    return result;
  if (event->context != stream->context)
    return refuse(Result::invalidHandle, "the event is of another context than the stream");
  if (stream->capture) {
    if (stream->capture->invalidated)
      return Result::captureInvalidated;
    event->capture = stream->capture;
    event->tips = stream->tips;
    return Result::success;
  }
  event->time.reset();
  Result result = enqueue(*stream, EventWork{handle});
  if (result == Result::success) {
    event->capture.reset();
    event->operation = stream->last;
  }
  return result;
}

/// A stream takes part in the capture of an event, or takes over what the event follows.
static Result waitCaptured(StreamState &stream, EventState &event) {
  if (event.capture->ended)
    return refuse(Result::invalidValue, "the event was recorded in a capture that has ended");
  if (event.capture->invalidated)
    return Result::captureInvalidated;
  if (stream.legacy) {
    event.capture->invalidated = true;
    return refuse(Result::captureImplicit, "the legacy stream waits for an event of a capture");
  }
  if (stream.capture && stream.capture != event.capture) {
    stream.capture->invalidated = event.capture->invalidated = true;
    return refuse(Result::captureMerge, "a stream that captures waits for an event of another capture");
  }
  if (!stream.capture) {
    stream.capture = event.capture;
    stream.capture->blocking |= !stream.nonBlocking;
    stream.tips.clear();
  }
  for (size_t tip : event.tips)
    if (std::find(stream.tips.begin(), stream.tips.end(), tip) == stream.tips.end())
      stream.tips.push_back(tip);
  return Result::success;
}

Result cuStreamWaitEvent(Stream streamHandle, Event handle, unsigned flags) {
  if (flags != 0)
    return Result::invalidValue;
  StreamState *stream = nullptr;
  if (Result result = findStream(streamHandle, stream); result != Result::success)
    return result;
  EventState *event = nullptr;
  if (Result result = findEvent(handle, event); result != Result::success)
    return result;
  if (event->capture)
    return waitCaptured(*stream, *event);
  if (stream->capture) {
    stream->capture->invalidated = true;
    return refuse(Result::captureIsolation, "a stream that captures waits for an event that was not captured");
  }
  if (stream->context != event->context) { // queues of two contexts know nothing of each other: what is waited for runs now
    event->context->queue.complete(event->operation);
    return Result::success;
  }
  return enqueue(*stream, NoWork{}, {.after = event->operation});
}

static Result refusedEvent(EventState &event) {
  if (event.capture) {
    if (!event.capture->ended)
      event.capture->invalidated = true;
    return refuse(Result::capturedEvent, "the event was recorded in a capture: it marks a place in a graph, and never happens");
  }
  return refusedByCapture();
}

Result cuEventSynchronize(Event handle) {
  EventState *event = nullptr;
  if (Result result = findEvent(handle, event); result != Result::success)
    return result;
  if (Result refused = refusedEvent(*event); refused != Result::success)
    return refused;
  event->context->queue.complete(event->operation);
  return event->context->error;
}

Result cuEventQuery(Event handle) {
  EventState *event = nullptr;
  if (Result result = findEvent(handle, event); result != Result::success)
    return result;
  if (Result refused = refusedEvent(*event); refused != Result::success)
    return refused;
  bool busy = event->context->queue.isPending(event->operation);
  event->context->queue.advance(event->operation);
  if (event->context->error != Result::success)
    return event->context->error;
  return busy ? Result::notReady : Result::success;
}

Result cuEventElapsedTime(float *milliseconds, Event startHandle, Event endHandle) {
  if (!milliseconds)
    return Result::invalidValue;
  EventState *events[2] = {};
  for (int i = 0; i < 2; ++i) {
    if (Result result = findEvent(i == 0 ? startHandle : endHandle, events[i]); result != Result::success)
      return result;
    if (events[i]->capture)
      return Result::capturedEvent;
    if (events[i]->operation == 0 || (events[i]->flags & kEventDisableTiming))
      return Result::invalidHandle;
  }
  for (EventState *event : events)
    if (event->context->queue.isPending(event->operation))
      return Result::notReady;
  *milliseconds = std::chrono::duration<float, std::milli>(*events[1]->time - *events[0]->time).count();
  return Result::success;
}

Result cuEventElapsedTime_v2(float *milliseconds, Event start, Event end) {
  return cuEventElapsedTime(milliseconds, start, end);
}

} // namespace skip::driver::entry
