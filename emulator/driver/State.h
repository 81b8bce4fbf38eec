// All that the driver knows, behind one lock.
#pragma once

#include "emulator/driver/Handles.h"
#include "emulator/driver/Knobs.h"
#include "emulator/driver/Queue.h"

#include <chrono>
#include <cstdio>
#include <mutex>
#include <optional>
#include <thread>

namespace skip::driver {

using namespace cuda;

struct DeviceState {
  DeviceState(const Knobs &knobs, int ordinal)
      : ordinal(ordinal), architecture(knobs.architecture), memory(knobs.memoryBytes),
        machine(architecture, memory, knobs.settings) {}
  int ordinal;
  emulator::Architecture architecture;
  emulator::DeviceMemory memory;
  emulator::Machine machine;
  Context primary = nullptr;
  unsigned primaryReferences = 0;
};

struct ContextState;

/// Streams that record a graph instead of running.
struct Capture {
  GraphNodes graph;
  CaptureMode mode = CaptureMode::global;
  std::thread::id thread;
  Stream origin = nullptr;
  ContextState *context = nullptr;
  bool blocking = false; // some stream of it is ordered with the legacy stream
  bool invalidated = false, ended = false;
};

struct StreamState {
  Stream handle = nullptr;
  ContextState *context = nullptr;
  bool nonBlocking = false, legacy = false;
  int priority = 0;
  uint64_t last = 0; // the operation that was added last
  bool lastIsKernel = false;
  std::shared_ptr<Capture> capture;
  std::vector<size_t> tips; // of the capture: the nodes that the next one follows
};

struct EventState {
  Event handle = nullptr;
  ContextState *context = nullptr;
  unsigned flags = 0;
  uint64_t operation = 0; // that recorded it last
  std::optional<std::chrono::steady_clock::time_point> time;
  std::shared_ptr<Capture> capture; // recorded in a capture
  std::vector<size_t> tips;
};

/// Runs works that follow each other in `context`; false if they, or what was before, left it dead. In Execute.cpp.
bool execute(ContextState &context, std::vector<Work *> &works);

struct ContextState {
  ContextState(DeviceState &device, const Knobs &knobs)
      : device(device), queue([this](std::vector<Work *> &works) { return execute(*this, works); }, knobs.settings.completion,
                              knobs.settings.seed),
        random(knobs.settings.seed + 1) {
    legacy.context = this;
    legacy.legacy = true;
  }
  Context handle = nullptr;
  DeviceState &device;
  Result error = Result::success; // sticky: what a fault made of all later calls
  Queue queue;
  std::mt19937_64 random; // of the order of graph nodes
  StreamState legacy;
  std::map<uint64_t, size_t> allocations; // address, bytes
  std::map<uint64_t, size_t> hostAllocations;
  std::vector<uint64_t> orphans; // the last operations of blocking streams that were destroyed
};

/// A kernel, which is a function too: one handle for both.
struct KernelState {
  Function handle = nullptr;
  std::shared_ptr<Code> code;
  size_t index = 0;
  int maxDynamicShared = 0;
  int carveout = -1;
  const emulator::KernelInfo &info() const { return code->kernels[index]; }
};

struct LibraryState {
  Library handle = nullptr;
  std::shared_ptr<Code> code;
  std::map<std::string, Function, std::less<>> kernels;
};
struct ModuleState {
  Module handle = nullptr;
  std::shared_ptr<Code> code;
  std::map<std::string, Function, std::less<>> kernels;
  ContextState *context = nullptr;
};

struct GraphState {
  Graph handle = nullptr;
  std::shared_ptr<GraphNodes> nodes;
};
struct GraphExecState {
  GraphExec handle = nullptr;
  ContextState *context = nullptr;
  std::shared_ptr<const GraphNodes> nodes;
  uint64_t last = 0; // launches of one executable graph follow each other
};

struct File {
  ~File() {
    if (file)
      std::fclose(file);
  }
  std::FILE *file = nullptr;
};

struct DriverState {
  std::mutex lock;
  bool parsed = false, initialized = false, ended = false;
  std::string knobError;
  Knobs knobs;
  File trace, report;
  std::map<std::string_view, uint64_t> calls; // of each entry point
  std::vector<std::unique_ptr<DeviceState>> devices;
  Handles<Context, ContextState> contexts{1};
  Handles<Stream, StreamState> streams{2};
  Handles<Event, EventState> events{3};
  Handles<Library, LibraryState> libraries{4};
  Handles<Module, ModuleState> modules{5};
  Handles<Function, KernelState> kernels{6};
  Handles<Graph, GraphState> graphs{7};
  Handles<GraphExec, GraphExecState> execs{8};
  uint64_t nodeCount = 0; // handles of graph nodes
  std::vector<std::weak_ptr<Capture>> captures;
  std::vector<std::string> leaks; // found when contexts were destroyed
};

/// The one driver of the process. It is never destroyed: programs call into it until their very end.
DriverState &state();

/// Back to before the first call, with other knobs: for tests.
void restart(Knobs knobs);

/// Of the calling thread.
std::vector<Context> &contextStack();
CaptureMode &threadCaptureMode();
bool &inHostFunction();

/// The current context of the thread, or why there is none, or its sticky error.
Result currentContext(ContextState *&context);
/// The stream of a handle: null and kLegacyStream are the legacy stream of the current context. Sticky errors are answered.
Result findStream(Stream handle, StreamState *&stream);
DeviceState *findDevice(Device device);

} // namespace skip::driver
