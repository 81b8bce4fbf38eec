// An emulator with one good object of each kind, and places for answers that nobody looks at.
#pragma once

#include "tests/unit/emulator-driver/Gpu.h"

namespace skip::driver {

/// One good object of each kind.
struct Scene : Gpu {
  Stream stream = nullptr;
  Event event = nullptr, earlier = nullptr;
  DeviceAddress memory = 0;
  void *pinned = nullptr;
  Graph graph = nullptr;
  GraphNode node = nullptr;
  GraphExec exec = nullptr;
  Module module = nullptr;
  Function function = nullptr;
  Context second = nullptr;

  explicit Scene(const Setup &setup = {.architecture = "sm_90"}) : Gpu(setup) {
    load();
    stream = Gpu::stream();
    event = Gpu::event();
    earlier = Gpu::event();
    memory = allocate(64);
    ok(api.cuMemHostAlloc(&pinned, 64, 0));
    ok(api.cuStreamBeginCapture(stream, CaptureMode::threadLocal));
    ok(launch(store, stream, memory, 1));
    ok(api.cuStreamEndCapture(stream, &graph));
    size_t count = 1;
    ok(api.cuGraphGetNodes(graph, &node, &count));
    ok(api.cuGraphInstantiateWithFlags(&exec, graph, 0));
    ok(EXPORTED(cuModuleLoadData)(&module, kPtx));
    ok(EXPORTED(cuModuleGetFunction)(&function, module, "store"));
    ok(api.cuEventRecord(earlier, stream));
    ok(api.cuEventRecord(event, stream));
    ok(api.cuStreamSynchronize(stream));
    ok(EXPORTED(cuCtxCreate_v2)(&second, 0, 0));
    ok(api.cuCtxPopCurrent(nullptr));
  }
  Result launchEx(Stream in, Function what) {
    uint32_t value = 1;
    void *params[] = {&memory, &value};
    LaunchConfig config{1, 1, 1, 1, 1, 1, 0, in, nullptr, 0};
    return api.cuLaunchKernelEx(&config, what, params, nullptr);
  }
  Result launchOld(Stream in, Function what) {
    uint32_t value = 1;
    void *params[] = {&memory, &value};
    return EXPORTED(cuLaunchKernel)(what, 1, 1, 1, 1, 1, 1, 0, in, params, nullptr);
  }
};

inline int number = 0;
inline size_t bytes;
inline void *pointer;
inline char text[64];
inline const char *constText;
inline float real;
inline uint64_t words[16];
template <class T> inline T *place() { return reinterpret_cast<T *>(words); }

} // namespace skip::driver
