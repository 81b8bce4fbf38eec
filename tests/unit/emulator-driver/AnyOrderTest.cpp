// Calls in any order with any handles, good, stale and null: each answers, and none takes the process with it. Run it under the
// sanitizers.
#include "tests/unit/emulator-driver/Gpu.h"

#include <random>

using namespace skip::driver;

namespace {
/// What calls gave out so far; nothing is forgotten when it is destroyed.
template <class Handle> class Pool {
public:
  void add(Handle handle) { handles.push_back(handle); }
  template <class Random> Handle any(Random &random) const {
    return handles.empty() || random() % 16 == 0 ? Handle{} : handles[random() % handles.size()];
  }

private:
  std::vector<Handle> handles;
};

struct Caller {
  Gpu gpu;
  std::mt19937_64 random;
  Pool<Context> contexts;
  Pool<Stream> streams;
  Pool<Event> events;
  Pool<Library> libraries;
  Pool<Kernel> kernels;
  Pool<Graph> graphs;
  Pool<GraphExec> execs;
  Pool<DeviceAddress> memory;
  Pool<void *> pinned;
  uint32_t host[4] = {};

  explicit Caller(uint64_t seed)
      : gpu(Setup{.architecture = "sm_90",
                  .completion = static_cast<skip::emulator::Completion>(seed % 3),
                  .seed = seed,
                  .devices = 2}),
        random(seed) {
    contexts.add(gpu.context);
  }

  /// Keeps what a call gave out if it succeeded.
  template <class Handle, class Call> Result keep(Pool<Handle> &pool, Call call) {
    Handle made{};
    Result result = call(&made);
    if (result == Result::success)
      pool.add(made);
    return result;
  }
  unsigned below(unsigned bound) { return static_cast<unsigned>(random() % bound); }
  DeviceAddress address() { return memory.any(random) + (below(8) == 0 ? 4 : 0); }
  Stream stream() { return streams.any(random); }

  Result launch() {
    LaunchAttribute overlap{};
    overlap.id = LaunchAttributeId::programmaticStreamSerialization;
    overlap.value.programmaticStreamSerializationAllowed = 1;
    return gpu.launch(kernels.any(random), stream(), memory.any(random), 2,
                      below(2) ? std::vector{overlap} : std::vector<LaunchAttribute>{}, below(8) == 0 ? 2000 : 1);
  }
};
using Action = Result (*)(Caller &);
} // namespace

static const Action kActions[] = {
    [](Caller &c) {
      return c.keep(c.contexts,
                    [&](Context *made) { return EXPORTED(cuCtxCreate_v2)(made, 0, static_cast<Device>(c.below(3))); });
    },
    [](Caller &c) { return c.below(4) ? Result::success : EXPORTED(cuCtxDestroy_v2)(c.contexts.any(c.random)); },
    [](Caller &c) { return c.gpu.api.cuCtxSetCurrent(c.contexts.any(c.random)); },
    [](Caller &c) { return c.gpu.api.cuCtxPushCurrent(c.contexts.any(c.random)); },
    [](Caller &c) { return c.gpu.api.cuCtxPopCurrent(nullptr); },
    [](Caller &c) {
      return c.keep(c.contexts,
                    [&](Context *made) { return c.gpu.api.cuDevicePrimaryCtxRetain(made, static_cast<Device>(c.below(3))); });
    },
    [](Caller &c) {
      return c.below(4) ? Result::success : c.gpu.api.cuDevicePrimaryCtxRelease(static_cast<Device>(c.below(3)));
    },
    [](Caller &c) { return c.gpu.api.cuCtxSynchronize(); },
    [](Caller &c) { return c.keep(c.memory, [&](DeviceAddress *made) { return c.gpu.api.cuMemAlloc(made, 4 * c.below(5)); }); },
    [](Caller &c) { return c.gpu.api.cuMemFree(c.address()); },
    [](Caller &c) { return c.keep(c.pinned, [&](void **made) { return c.gpu.api.cuMemHostAlloc(made, c.below(20), 0); }); },
    [](Caller &c) { return c.gpu.api.cuMemFreeHost(c.pinned.any(c.random)); },
    [](Caller &c) { return c.gpu.api.cuMemcpyHtoD(c.address(), c.host, 4 * c.below(4)); },
    [](Caller &c) { return c.gpu.api.cuMemcpyDtoHAsync(c.host, c.address(), 4 * c.below(4), c.stream()); },
    [](Caller &c) { return c.gpu.api.cuMemcpyDtoDAsync(c.address(), c.address(), 4 * c.below(4), c.stream()); },
    [](Caller &c) { return c.gpu.api.cuMemsetD32Async(c.address(), 1, c.below(4), c.stream()); },
    [](Caller &c) { return c.gpu.api.cuMemsetD8(c.address(), 1, c.below(4)); },
    [](Caller &c) {
      return c.keep(c.libraries, [&](Library *made) {
        return c.gpu.api.cuLibraryLoadData(made, c.below(4) ? kPtx : "nothing", nullptr, nullptr, 0, nullptr, nullptr, 0);
      });
    },
    [](Caller &c) { return c.below(4) ? Result::success : c.gpu.api.cuLibraryUnload(c.libraries.any(c.random)); },
    [](Caller &c) {
      return c.keep(c.kernels, [&](Kernel *made) {
        return c.gpu.api.cuLibraryGetKernel(made, c.libraries.any(c.random), c.below(2) ? "store" : "scale");
      });
    },
    [](Caller &c) { return c.launch(); },
    [](Caller &c) { return c.gpu.api.cuLaunchHostFunc(c.stream(), [](void *) {}, nullptr); },
    [](Caller &c) {
      return c.keep(c.streams, [&](Stream *made) { return c.gpu.api.cuStreamCreateWithPriority(made, c.below(2), 0); });
    },
    [](Caller &c) { return c.gpu.api.cuStreamDestroy(c.stream()); },
    [](Caller &c) { return c.gpu.api.cuStreamSynchronize(c.stream()); },
    [](Caller &c) { return c.gpu.api.cuStreamQuery(c.stream()); },
    [](Caller &c) { return c.gpu.api.cuStreamWaitEvent(c.stream(), c.events.any(c.random), 0); },
    [](Caller &c) { return c.gpu.api.cuStreamBeginCapture(c.stream(), static_cast<CaptureMode>(c.below(4))); },
    [](Caller &c) { return c.keep(c.graphs, [&](Graph *made) { return c.gpu.api.cuStreamEndCapture(c.stream(), made); }); },
    [](Caller &c) { return c.keep(c.events, [&](Event *made) { return c.gpu.api.cuEventCreate(made, 0); }); },
    [](Caller &c) { return c.gpu.api.cuEventRecord(c.events.any(c.random), c.stream()); },
    [](Caller &c) { return c.gpu.api.cuEventSynchronize(c.events.any(c.random)); },
    [](Caller &c) { return c.gpu.api.cuEventQuery(c.events.any(c.random)); },
    [](Caller &c) {
      float milliseconds;
      return c.gpu.api.cuEventElapsedTime(&milliseconds, c.events.any(c.random), c.events.any(c.random));
    },
    [](Caller &c) { return c.gpu.api.cuEventDestroy(c.events.any(c.random)); },
    [](Caller &c) {
      return c.keep(c.execs,
                    [&](GraphExec *made) { return c.gpu.api.cuGraphInstantiateWithFlags(made, c.graphs.any(c.random), 0); });
    },
    [](Caller &c) { return c.gpu.api.cuGraphLaunch(c.execs.any(c.random), c.stream()); },
    [](Caller &c) { return c.gpu.api.cuGraphUpload(c.execs.any(c.random), c.stream()); },
    [](Caller &c) { return c.gpu.api.cuGraphDestroy(c.graphs.any(c.random)); },
    [](Caller &c) { return c.gpu.api.cuGraphExecDestroy(c.execs.any(c.random)); },
};

TEST_CASE("any order: calls answer, whatever was before") {
  size_t succeeded = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Caller caller(seed);
    for (int step = 0; step < 300; ++step) {
      Result result = kActions[caller.below(std::size(kActions))](caller);
      REQUIRE(nameOf(result) != nullptr);
      succeeded += result == Result::success;
      if (state().contexts.size() == 0 || (contextStack().empty() && step % 8 == 0)) {
        Context context = nullptr;
        caller.gpu.api.cuDevicePrimaryCtxRetain(&context, 0);
        caller.gpu.api.cuCtxSetCurrent(context);
        caller.contexts.add(context);
      }
    }
  }
  CHECK(succeeded > 2000);
}
