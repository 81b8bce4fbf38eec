// Capturing streams: what is recorded, what is refused and what makes a capture void.
#include "tests/unit/emulator-driver/Gpu.h"

#include <thread>

using namespace skip::driver;

namespace {
/// A stream that captures.
struct Capturing : Gpu {
  Stream stream = nullptr;
  DeviceAddress word = 0;
  explicit Capturing(CaptureMode mode = CaptureMode::threadLocal, unsigned flags = kStreamNonBlocking) {
    load();
    word = allocate(8);
    ok(api.cuMemsetD32(word, 0, 2));
    ok(api.cuCtxSynchronize());
    stream = Gpu::stream(flags);
    ok(api.cuStreamBeginCapture(stream, mode));
  }
  CaptureStatus status() {
    CaptureStatus status = CaptureStatus::none;
    ok(api.cuStreamIsCapturing(stream, &status));
    return status;
  }
  Graph end() {
    Graph graph = nullptr;
    ok(api.cuStreamEndCapture(stream, &graph));
    return graph;
  }
  GraphExec instantiate(Graph graph) {
    GraphExec exec = nullptr;
    ok(api.cuGraphInstantiateWithFlags(&exec, graph, 0));
    return exec;
  }
  void checkVoid() {
    CHECK(status() == CaptureStatus::invalidated);
    Graph graph = nullptr;
    CHECK_RESULT(launch(store, stream, word, 1), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
    CHECK_RESULT(api.cuStreamEndCapture(stream, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
    CHECK(graph == nullptr);
    CHECK(status() == CaptureStatus::none);
  }
};
} // namespace

TEST_CASE("capture: work becomes a graph, which runs as often as it is launched") {
  Capturing gpu;
  CHECK(gpu.status() == CaptureStatus::active);
  Gpu::ok(gpu.api.cuMemsetD32Async(gpu.word, 1, 1, gpu.stream));
  Gpu::ok(gpu.launch(gpu.scale, gpu.stream, gpu.word, 3));
  Gpu::ok(gpu.launch(gpu.scale, gpu.stream, gpu.word, 2));
  Graph graph = gpu.end();
  CHECK(gpu.status() == CaptureStatus::none);
  CHECK(Gpu::peek(gpu.word) == 0);
  GraphExec exec = gpu.instantiate(graph);
  Gpu::ok(gpu.api.cuGraphUpload(exec, gpu.stream));
  Gpu::ok(gpu.api.cuGraphLaunch(exec, gpu.stream));
  Gpu::ok(gpu.launch(gpu.scale, gpu.stream, gpu.word, 1));
  Gpu::ok(gpu.api.cuStreamSynchronize(gpu.stream));
  CHECK(Gpu::peek(gpu.word) == (1 * 3 + 1) * 2 + 1 + 1);
  Gpu::ok(gpu.api.cuGraphLaunch(exec, gpu.stream));
  CHECK(gpu.read(gpu.word) == 10); // the copy is on the legacy stream, the graph on one that is not ordered with it
  Gpu::ok(gpu.api.cuStreamSynchronize(gpu.stream));
  CHECK(gpu.read(gpu.word) == 9);
  Gpu::ok(gpu.api.cuGraphDestroy(graph));
  Gpu::ok(gpu.api.cuGraphLaunch(exec, gpu.stream)); // an executable graph stands alone
  Gpu::ok(gpu.api.cuGraphExecDestroy(exec));        // and so does what was launched
  Gpu::ok(gpu.api.cuStreamSynchronize(gpu.stream));
  CHECK_RESULT(gpu.api.cuGraphLaunch(exec, gpu.stream), CUDA_ERROR_INVALID_HANDLE);
}

TEST_CASE("capture: arguments are those of the capture") {
  Capturing gpu;
  DeviceAddress to = gpu.word;
  uint32_t value = 5;
  void *params[] = {&to, &value};
  LaunchConfig config{1, 1, 1, 1, 1, 1, 0, gpu.stream, nullptr, 0};
  Gpu::ok(gpu.api.cuLaunchKernelEx(&config, reinterpret_cast<Function>(gpu.store), params, nullptr));
  to = 0;
  value = 6;
  GraphExec exec = gpu.instantiate(gpu.end());
  Gpu::ok(gpu.api.cuGraphLaunch(exec, gpu.stream));
  Gpu::ok(gpu.api.cuStreamSynchronize(gpu.stream));
  CHECK(Gpu::peek(gpu.word) == 5);
}

TEST_CASE("capture: nodes of a graph are listed with their types") {
  Capturing gpu;
  Gpu::ok(gpu.api.cuMemsetD32Async(gpu.word, 1, 1, gpu.stream));
  Gpu::ok(gpu.launch(gpu.scale, gpu.stream, gpu.word, 3));
  Gpu::ok(gpu.api.cuMemcpyDtoDAsync(gpu.word + 4, gpu.word, 4, gpu.stream));
  Gpu::ok(gpu.api.cuLaunchHostFunc(gpu.stream, [](void *) {}, nullptr));
  Graph graph = gpu.end();
  size_t count = 0;
  Gpu::ok(gpu.api.cuGraphGetNodes(graph, nullptr, &count));
  REQUIRE(count == 4);
  std::vector<GraphNode> nodes(6, reinterpret_cast<GraphNode>(1));
  count = nodes.size();
  Gpu::ok(gpu.api.cuGraphGetNodes(graph, nodes.data(), &count));
  CHECK(count == 4);
  CHECK(nodes[5] == nullptr);
  GraphNodeType expected[] = {GraphNodeType::memset, GraphNodeType::kernel, GraphNodeType::memcpy, GraphNodeType::host};
  for (int i = 0; i < 4; ++i) {
    GraphNodeType type = GraphNodeType::empty;
    Gpu::ok(gpu.api.cuGraphNodeGetType(nodes[i], &type));
    CHECK(type == expected[i]);
  }
  KernelNodeParams params{};
  Gpu::ok(EXPORTED(cuGraphKernelNodeGetParams_v2)(nodes[1], &params));
  CHECK(params.kernel == gpu.scale);
  CHECK(params.blockDimX == 1);
  CHECK_RESULT(EXPORTED(cuGraphKernelNodeGetParams_v2)(nodes[0], &params), CUDA_ERROR_INVALID_VALUE);
}

TEST_CASE("capture: a second stream takes part by an event, and has to come back") {
  Capturing gpu;
  Stream side = gpu.Gpu::stream();
  Event fork = gpu.event(), join = gpu.event();
  Gpu::ok(gpu.launch(gpu.store, gpu.stream, gpu.word, 2));
  Gpu::ok(gpu.api.cuEventRecord(fork, gpu.stream));
  Gpu::ok(gpu.api.cuStreamWaitEvent(side, fork, 0));
  Gpu::ok(gpu.launch(gpu.store, side, gpu.word + 4, 7));
  SECTION("it does") {
    Gpu::ok(gpu.api.cuEventRecord(join, side));
    Gpu::ok(gpu.api.cuStreamWaitEvent(gpu.stream, join, 0));
    Gpu::ok(gpu.launch(gpu.scale, gpu.stream, gpu.word + 4, 2));
    GraphExec exec = gpu.instantiate(gpu.end());
    Gpu::ok(gpu.api.cuGraphLaunch(exec, gpu.stream));
    Gpu::ok(gpu.api.cuStreamSynchronize(gpu.stream));
    CHECK(Gpu::peek(gpu.word + 4) == 15);
    Gpu::ok(gpu.launch(gpu.store, side, gpu.word, 1)); // the side stream runs again
    Gpu::ok(gpu.api.cuStreamSynchronize(side));
    CHECK(Gpu::peek(gpu.word) == 1);
  }
  SECTION("it does not") {
    Graph graph = nullptr;
    CHECK_RESULT(gpu.api.cuStreamEndCapture(gpu.stream, &graph), CUDA_ERROR_STREAM_CAPTURE_UNJOINED);
    CHECK(graph == nullptr);
  }
  SECTION("it ends the capture itself") {
    Graph graph = nullptr;
    CHECK_RESULT(gpu.api.cuStreamEndCapture(side, &graph), CUDA_ERROR_STREAM_CAPTURE_UNMATCHED);
  }
}

TEST_CASE("capture: calls that it forbids make it void") {
  struct Case {
    const char *name;
    Result (*call)(Capturing &);
    Result expected;
  };
  static const Case cases[] = {
      {"cuMemAlloc",
       [](Capturing &g) {
         DeviceAddress address;
         return g.api.cuMemAlloc(&address, 4);
       },
       Result::captureUnsupported},
      {"cuMemFree", [](Capturing &g) { return g.api.cuMemFree(g.word); }, Result::captureUnsupported},
      {"cuMemHostAlloc",
       [](Capturing &g) {
         void *memory;
         return g.api.cuMemHostAlloc(&memory, 4, 0);
       },
       Result::captureUnsupported},
      {"cuMemcpyHtoD", [](Capturing &g) { return g.api.cuMemcpyHtoD(g.word, "abc", 4); }, Result::captureUnsupported},
      {"cuMemcpyDtoH",
       [](Capturing &g) {
         uint32_t value;
         return g.api.cuMemcpyDtoH(&value, g.word, 4);
       },
       Result::captureUnsupported},
      {"cuMemcpyDtoD", [](Capturing &g) { return g.api.cuMemcpyDtoD(g.word, g.word + 4, 4); }, Result::captureUnsupported},
      {"cuMemsetD8", [](Capturing &g) { return g.api.cuMemsetD8(g.word, 0, 4); }, Result::captureUnsupported},
      {"cuMemsetD32", [](Capturing &g) { return g.api.cuMemsetD32(g.word, 0, 1); }, Result::captureUnsupported},
      {"cuCtxSynchronize", [](Capturing &g) { return g.api.cuCtxSynchronize(); }, Result::captureUnsupported},
      {"cuStreamSynchronize", [](Capturing &g) { return g.api.cuStreamSynchronize(g.stream); }, Result::captureUnsupported},
      {"cuStreamQuery", [](Capturing &g) { return g.api.cuStreamQuery(g.stream); }, Result::captureUnsupported},
      {"cuStreamDestroy", [](Capturing &g) { return g.api.cuStreamDestroy(g.stream); }, Result::captureUnsupported},
      {"cuStreamSynchronize of another", [](Capturing &g) { return g.api.cuStreamSynchronize(g.Gpu::stream()); },
       Result::captureUnsupported},
      {"cuEventQuery", [](Capturing &g) { return g.api.cuEventQuery(g.event()); }, Result::captureUnsupported},
      {"cuEventSynchronize", [](Capturing &g) { return g.api.cuEventSynchronize(g.event()); }, Result::captureUnsupported},
      {"cuEventQuery of a captured one",
       [](Capturing &g) {
         Event event = g.event();
         Gpu::ok(g.api.cuEventRecord(event, g.stream));
         return g.api.cuEventQuery(event);
       },
       Result::capturedEvent},
      {"cuLibraryLoadData",
       [](Capturing &g) {
         Library library;
         return g.api.cuLibraryLoadData(&library, kPtx, nullptr, nullptr, 0, nullptr, nullptr, 0);
       },
       Result::captureUnsupported},
      {"cuLibraryUnload", [](Capturing &g) { return g.api.cuLibraryUnload(g.library); }, Result::captureUnsupported},
      {"cuGraphUpload",
       [](Capturing &g) {
         Stream other = g.Gpu::stream();
         Gpu::ok(g.api.cuStreamBeginCapture(other, CaptureMode::threadLocal));
         Graph graph;
         Gpu::ok(g.api.cuStreamEndCapture(other, &graph));
         return g.api.cuGraphUpload(g.instantiate(graph), g.stream);
       },
       Result::captureUnsupported},
      {"cuStreamWaitEvent of an event outside",
       [](Capturing &g) {
         Event event = g.event();
         Gpu::ok(g.api.cuEventRecord(event, g.Gpu::stream()));
         return g.api.cuStreamWaitEvent(g.stream, event, 0);
       },
       Result::captureIsolation},
      {"cuStreamWaitEvent of another capture",
       [](Capturing &g) {
         Stream other = g.Gpu::stream();
         Gpu::ok(g.api.cuStreamBeginCapture(other, CaptureMode::threadLocal));
         Event event = g.event();
         Gpu::ok(g.api.cuEventRecord(event, other));
         return g.api.cuStreamWaitEvent(g.stream, event, 0);
       },
       Result::captureMerge},
      {"cuStreamWaitEvent in the legacy stream",
       [](Capturing &g) {
         Event event = g.event();
         Gpu::ok(g.api.cuEventRecord(event, g.stream));
         return g.api.cuStreamWaitEvent(nullptr, event, 0);
       },
       Result::captureImplicit},
  };
  for (const Case &c : cases) {
    INFO(c.name);
    Capturing gpu;
    CHECK(std::string(nameOf(c.call(gpu))) == nameOf(c.expected));
    gpu.checkVoid();
  }
}

TEST_CASE("capture: the legacy stream is refused while a blocking stream captures") {
  Capturing gpu(CaptureMode::relaxed, kStreamDefault);
  CaptureStatus status;
  CHECK_RESULT(gpu.api.cuStreamIsCapturing(nullptr, &status), CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
  CHECK(gpu.status() == CaptureStatus::active);
  CHECK_RESULT(gpu.launch(gpu.store, nullptr, gpu.word, 1), CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
  gpu.checkVoid();
}

TEST_CASE("capture: a blocking stream that joins one makes the legacy stream refused too") {
  Capturing gpu(CaptureMode::relaxed);
  Gpu::ok(gpu.launch(gpu.store, nullptr, gpu.word, 1)); // the origin is not ordered with it
  Stream blocking = gpu.Gpu::stream(kStreamDefault);
  Event event = gpu.event();
  Gpu::ok(gpu.api.cuEventRecord(event, gpu.stream));
  Gpu::ok(gpu.api.cuStreamWaitEvent(blocking, event, 0));
  CHECK_RESULT(gpu.launch(gpu.store, nullptr, gpu.word, 1), CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
  gpu.checkVoid();
}

TEST_CASE("capture: a relaxed one allows allocations, and a thread may ask for that") {
  Capturing relaxed(CaptureMode::relaxed);
  relaxed.allocate(4);
  CHECK(relaxed.status() == CaptureStatus::active);
  Capturing global(CaptureMode::global);
  CaptureMode mode = CaptureMode::relaxed;
  Gpu::ok(EXPORTED(cuThreadExchangeStreamCaptureMode)(&mode));
  CHECK(mode == CaptureMode::global);
  global.allocate(4);
  Gpu::ok(EXPORTED(cuThreadExchangeStreamCaptureMode)(&mode));
  CHECK(global.status() == CaptureStatus::active);
}

TEST_CASE("capture: a global one forbids other threads too, one of a thread does not") {
  for (CaptureMode mode : {CaptureMode::global, CaptureMode::threadLocal}) {
    Capturing gpu(mode);
    Result result = Result::unknown;
    std::thread([&] {
      DeviceAddress address = 0;
      gpu.api.cuCtxSetCurrent(gpu.context);
      result = gpu.api.cuMemAlloc(&address, 4);
    }).join();
    CHECK(result == (mode == CaptureMode::global ? Result::captureUnsupported : Result::success));
    CHECK(gpu.status() == (mode == CaptureMode::global ? CaptureStatus::invalidated : CaptureStatus::active));
  }
}

TEST_CASE("capture: it ends in the thread that began it, unless it is relaxed") {
  for (CaptureMode mode : {CaptureMode::threadLocal, CaptureMode::relaxed}) {
    Capturing gpu(mode);
    Result result = Result::unknown;
    Graph graph = nullptr;
    std::thread([&] {
      gpu.api.cuCtxSetCurrent(gpu.context);
      result = gpu.api.cuStreamEndCapture(gpu.stream, &graph);
    }).join();
    CHECK(result == (mode == CaptureMode::relaxed ? Result::success : Result::captureWrongThread));
  }
}

TEST_CASE("capture: where it cannot begin or end") {
  Gpu gpu;
  Graph graph = nullptr;
  Stream stream = gpu.stream();
  CHECK_RESULT(gpu.api.cuStreamBeginCapture(nullptr, CaptureMode::global), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  CHECK_RESULT(gpu.api.cuStreamBeginCapture(stream, static_cast<CaptureMode>(3)), CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(gpu.api.cuStreamEndCapture(stream, &graph), CUDA_ERROR_ILLEGAL_STATE);
  Gpu::ok(gpu.api.cuStreamBeginCapture(stream, CaptureMode::global));
  CHECK_RESULT(gpu.api.cuStreamBeginCapture(stream, CaptureMode::global), CUDA_ERROR_ILLEGAL_STATE);
}

TEST_CASE("graphs: a graph is a node of another one") {
  Capturing gpu;
  Gpu::ok(gpu.launch(gpu.scale, gpu.stream, gpu.word, 2));
  GraphExec inner = gpu.instantiate(gpu.end());
  Gpu::ok(gpu.api.cuStreamBeginCapture(gpu.stream, CaptureMode::threadLocal));
  Gpu::ok(gpu.api.cuGraphLaunch(inner, gpu.stream));
  Gpu::ok(gpu.api.cuGraphLaunch(inner, gpu.stream));
  GraphExec outer = gpu.instantiate(gpu.end());
  Gpu::ok(gpu.api.cuGraphLaunch(outer, gpu.stream));
  Gpu::ok(gpu.api.cuStreamSynchronize(gpu.stream));
  CHECK(Gpu::peek(gpu.word) == 3);
}

TEST_CASE("graphs: two launches of one executable graph follow each other in any streams") {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    Capturing gpu;
    Gpu::ok(gpu.launch(gpu.scale, gpu.stream, gpu.word, 2));
    GraphExec exec = gpu.instantiate(gpu.end());
    Stream other = gpu.Gpu::stream();
    Gpu::ok(gpu.api.cuGraphLaunch(exec, gpu.stream));
    Gpu::ok(gpu.api.cuGraphLaunch(exec, other));
    Gpu::ok(gpu.api.cuStreamSynchronize(other));
    REQUIRE(Gpu::peek(gpu.word) == 3);
  }
}

TEST_CASE("graphs: what cannot be instantiated") {
  Capturing gpu;
  Graph graph = gpu.end();
  GraphExec exec = nullptr;
  CHECK_RESULT(gpu.api.cuGraphInstantiateWithFlags(&exec, graph, kInstantiateDeviceLaunch), CUDA_ERROR_NOT_SUPPORTED);
  CHECK_RESULT(gpu.api.cuGraphInstantiateWithFlags(&exec, graph, 64), CUDA_ERROR_INVALID_VALUE);
  Gpu::ok(gpu.api.cuGraphDestroy(graph));
  CHECK_RESULT(gpu.api.cuGraphInstantiateWithFlags(&exec, graph, 0), CUDA_ERROR_INVALID_HANDLE);
  CHECK_RESULT(gpu.api.cuGraphDestroy(graph), CUDA_ERROR_INVALID_HANDLE);
}
