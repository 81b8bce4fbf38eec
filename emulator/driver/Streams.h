// How work gets into a stream: its order, or a node of the graph that the stream records.
#pragma once

#include "emulator/driver/State.h"

namespace skip::driver {

/// What work has to wait for besides the streams' own order.
struct Order {
  bool programmatic = false; // a kernel that may overlap with the one in front of it
  uint64_t after = 0;        // an operation of the same context, 0: none
};

/// Adds work to a stream. If the stream captures, it becomes a node; if it is the legacy stream and another blocking stream
/// captures, it is refused and that capture is invalidated.
Result enqueue(StreamState &stream, Work work, Order order = {});

/// Runs all that was added to the stream, and answers the context's error.
Result finish(StreamState &stream);

/// What a potentially unsafe call answers while a capture is on that forbids it to this thread; that capture is then void.
Result refusedByCapture();

/// What any use of the legacy stream answers while a blocking stream of the context captures.
Result refusedByImplicitOrder(ContextState &context);

/// For calls that wait for a stream or ask it: a capturing one cannot answer, and its capture is void.
Result refusedWhileCapturing(StreamState &stream);

/// Of a program's mistake: the reason goes to stderr and into the report, `result` is what is answered.
Result refuse(Result result, const std::string &why);

} // namespace skip::driver
