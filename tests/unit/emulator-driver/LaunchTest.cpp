// Code and launches: what is loaded, what is refused, and what a fault leaves behind.
#include "tests/unit/emulator-driver/Gpu.h"

#include <cstring>

using namespace skip::driver;

static Result load(Gpu &gpu, const char *image, std::string *log = nullptr) {
  char buffer[300] = "untouched";
  JitOption options[] = {JitOption::errorLogBuffer, JitOption::errorLogBufferSizeBytes};
  void *values[] = {buffer, reinterpret_cast<void *>(sizeof buffer)};
  Library library = nullptr;
  Result result = gpu.api.cuLibraryLoadData(&library, image, options, values, 2, nullptr, nullptr, 0);
  if (log) {
    *log = buffer;
    CHECK(reinterpret_cast<size_t>(values[1]) == log->size());
  }
  return result;
}

TEST_CASE("code: kernels and variables are found by name") {
  Gpu gpu;
  gpu.load();
  Kernel again = nullptr;
  Gpu::ok(gpu.api.cuLibraryGetKernel(&again, gpu.library, "store"));
  CHECK(again == gpu.store);
  CHECK_RESULT(gpu.api.cuLibraryGetKernel(&again, gpu.library, "nothing"), CUDA_ERROR_NOT_FOUND);
  DeviceAddress table = 0;
  size_t bytes = 0;
  Gpu::ok(gpu.api.cuLibraryGetGlobal(&table, &bytes, gpu.library, "table"));
  CHECK(bytes == 64);
  Gpu::ok(gpu.api.cuMemsetD32(table, 1, 16));
  CHECK_RESULT(gpu.api.cuLibraryGetGlobal(&table, &bytes, gpu.library, "chair"), CUDA_ERROR_NOT_FOUND);
  Function function = nullptr;
  Gpu::ok(gpu.api.cuKernelGetFunction(&function, gpu.store));
  int value = 0;
  Gpu::ok(EXPORTED(cuFuncGetAttribute)(&value, FunctionAttribute::ptxVersion, function));
  CHECK(value == 70);
  Gpu::ok(gpu.api.cuLibraryUnload(gpu.library));
  CHECK_RESULT(gpu.api.cuLibraryGetKernel(&again, gpu.library, "store"), CUDA_ERROR_INVALID_HANDLE);
  CHECK_RESULT(gpu.launch(gpu.store, nullptr, gpu.allocate(4), 1), CUDA_ERROR_INVALID_HANDLE);
}

TEST_CASE("code: modules are the older way to the same") {
  Gpu gpu;
  Module module = nullptr;
  Gpu::ok(EXPORTED(cuModuleLoadData)(&module, kPtx));
  Function function = nullptr;
  Gpu::ok(EXPORTED(cuModuleGetFunction)(&function, module, "store"));
  CHECK_RESULT(EXPORTED(cuModuleGetFunction)(&function, module, "nothing"), CUDA_ERROR_NOT_FOUND);
  Gpu::ok(EXPORTED(cuModuleGetFunction)(&function, module, "store"));
  DeviceAddress word = gpu.allocate(4);
  uint32_t value = 6;
  struct {
    DeviceAddress to;
    uint32_t value;
  } buffer{word, 7};
  size_t bytes = 12;
  void *params[] = {&word, &value}, *extra[] = {kParamBufferPointer, &buffer, kParamBufferSize, &bytes, kParamEnd};
  auto launch = EXPORTED(cuLaunchKernel);
  Gpu::ok(launch(function, 1, 1, 1, 1, 1, 1, 0, nullptr, params, nullptr));
  CHECK(gpu.read(word) == 6);
  Gpu::ok(launch(function, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, extra));
  CHECK(gpu.read(word) == 7);
  CHECK_RESULT(launch(function, 1, 1, 1, 1, 1, 1, 0, nullptr, params, extra), CUDA_ERROR_INVALID_VALUE);
  bytes = 16;
  CHECK_RESULT(launch(function, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, extra), CUDA_ERROR_INVALID_VALUE);
  Gpu::ok(EXPORTED(cuModuleUnload)(module));
  CHECK_RESULT(EXPORTED(cuModuleUnload)(module), CUDA_ERROR_INVALID_HANDLE);
}

TEST_CASE("code: images that are no PTX for this device") {
  struct Case {
    const char *image, *part;
    Result expected;
  };
  std::string newer = std::string(kPtx).replace(std::strlen(".version "), 3, "9.9");
  std::string above = std::string(kPtx).replace(std::string(kPtx).find("sm_80"), 5, "sm_90");
  std::string wrong = std::string(kPtx).replace(std::string(kPtx).find("ret;"), 4, "bogus;");
  for (const Case &c : {Case{"\x7f"
                             "ELF\x02\x01\x01",
                             "machine code", Result::noBinaryForGpu},
                        {"\x50\xed\x55\xba\x01", "machine code", Result::noBinaryForGpu},
                        {"\xb1\x43\x62\x46\x01", "machine code", Result::noBinaryForGpu},
                        {"hello", "neither PTX nor", Result::invalidImage},
                        {"", "neither PTX nor", Result::invalidImage},
                        {newer.c_str(), "Unsupported .version 9.9", Result::unsupportedPtxVersion},
                        {above.c_str(), "line ", Result::invalidPtx},
                        {wrong.c_str(), "bogus", Result::invalidPtx}}) {
    Gpu gpu;
    std::string log;
    CHECK(std::string(nameOf(load(gpu, c.image, &log))) == nameOf(c.expected));
    CHECK_THAT(log, Catch::Matchers::Contains(c.part));
  }
  Gpu gpu;
  std::string log;
  Gpu::ok(load(gpu, kPtx, &log));
  CHECK(log.empty());
}

TEST_CASE("code: a driver knows the PTX of its time") {
  std::string ptx = std::string(kPtx).replace(std::strlen(".version "), 3, "8.1");
  Gpu old(Setup{.driverVersion = 12000});
  CHECK_RESULT(load(old, ptx.c_str()), CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
  Gpu newer(Setup{.driverVersion = 12010});
  CHECK_RESULT(load(newer, ptx.c_str()), CUDA_SUCCESS);
}

TEST_CASE("code: a log that is too short is cut, and ended") {
  Gpu gpu;
  char buffer[8] = "1234567";
  JitOption options[] = {JitOption::errorLogBufferSizeBytes, JitOption::errorLogBuffer};
  void *values[] = {reinterpret_cast<void *>(size_t{5}), buffer};
  Library library = nullptr;
  CHECK_RESULT(gpu.api.cuLibraryLoadData(&library,
                                         "\x7f"
                                         "ELF",
                                         options, values, 2, nullptr, nullptr, 0),
               CUDA_ERROR_NO_BINARY_FOR_GPU);
  CHECK(std::strlen(buffer) == 4);
  CHECK(values[0] == reinterpret_cast<void *>(size_t{4}));
  CHECK(buffer[6] == '7');
}

TEST_CASE("kernels: attributes") {
  Gpu gpu;
  gpu.load();
  int value = 0;
  auto get = [&](FunctionAttribute attribute, Kernel kernel) {
    Gpu::ok(gpu.api.cuKernelGetAttribute(&value, attribute, kernel, 0));
    return value;
  };
  CHECK(get(FunctionAttribute::maxThreadsPerBlock, gpu.store) == 1024);
  CHECK(get(FunctionAttribute::maxThreadsPerBlock, gpu.kernel("narrow")) == 64);
  CHECK(get(FunctionAttribute::sharedSizeBytes, gpu.store) == 0);
  CHECK(get(FunctionAttribute::binaryVersion, gpu.store) == 80);
  CHECK(get(FunctionAttribute::maxDynamicSharedSizeBytes, gpu.store) == 48 * 1024);
  auto set = [&](FunctionAttribute attribute, int to) { return gpu.api.cuKernelSetAttribute(attribute, to, gpu.store, 0); };
  CHECK_RESULT(set(FunctionAttribute::maxDynamicSharedSizeBytes, 163 * 1024), CUDA_SUCCESS);
  CHECK(get(FunctionAttribute::maxDynamicSharedSizeBytes, gpu.store) == 163 * 1024);
  CHECK_RESULT(set(FunctionAttribute::maxDynamicSharedSizeBytes, 163 * 1024 + 1), CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(set(FunctionAttribute::maxDynamicSharedSizeBytes, -1), CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(set(FunctionAttribute::preferredSharedMemoryCarveout, 101), CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(set(FunctionAttribute::preferredSharedMemoryCarveout, 100), CUDA_SUCCESS);
  CHECK_RESULT(set(FunctionAttribute::maxThreadsPerBlock, 64), CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(set(FunctionAttribute::requiredClusterWidth, 2), CUDA_ERROR_NOT_SUPPORTED);
  CHECK_RESULT(gpu.api.cuKernelGetAttribute(&value, static_cast<FunctionAttribute>(16), gpu.store, 0),
               CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(gpu.api.cuKernelGetAttribute(&value, FunctionAttribute::ptxVersion, nullptr, 0), CUDA_ERROR_INVALID_HANDLE);
  CHECK_RESULT(gpu.api.cuKernelGetAttribute(&value, FunctionAttribute::ptxVersion, gpu.store, 1), CUDA_ERROR_INVALID_DEVICE);
}

TEST_CASE("kernels: how many blocks fit") {
  Gpu gpu;
  gpu.load();
  auto blocks = [&](int threads, size_t shared) {
    int count = -1;
    Gpu::ok(
        gpu.api.cuOccupancyMaxActiveBlocksPerMultiprocessor(&count, reinterpret_cast<Function>(gpu.store), threads, shared));
    return count;
  };
  CHECK(blocks(1024, 0) == 2);
  CHECK(blocks(129, 0) == 2048 / 160);
  CHECK(blocks(32, 0) == 32);
  CHECK(blocks(32, 40 * 1024) == 4);
  CHECK(blocks(32, 32 * 1024) == 4); // not 5: the system keeps 1 KB of each block
  CHECK(blocks(32, 64 * 1024) == 0); // not allowed to the kernel
  CHECK(blocks(2048, 0) == 0);
  Gpu::ok(gpu.api.cuKernelSetAttribute(FunctionAttribute::maxDynamicSharedSizeBytes, 96 * 1024, gpu.store, 0));
  CHECK(blocks(32, 64 * 1024) == 2);
}

namespace {
struct Shape {
  const char *what;
  LaunchConfig config;
  const char *kernel;
  Result expected;
};
} // namespace

TEST_CASE("launch: shapes that are refused") {
  constexpr unsigned kMax = 0x7fffffff;
  const Shape shapes[] = {
      {"an empty grid", {0, 1, 1, 1, 1, 1, 0, nullptr, nullptr, 0}, "store", Result::invalidValue},
      {"a grid too wide", {kMax + 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, 0}, "store", Result::invalidValue},
      {"a grid too high", {1, 65536, 1, 1, 1, 1, 0, nullptr, nullptr, 0}, "store", Result::invalidValue},
      {"a grid too deep", {1, 1, 65536, 1, 1, 1, 0, nullptr, nullptr, 0}, "store", Result::invalidValue},
      {"an empty block", {1, 1, 1, 1, 0, 1, 0, nullptr, nullptr, 0}, "store", Result::invalidValue},
      {"a block too deep", {1, 1, 1, 1, 1, 65, 0, nullptr, nullptr, 0}, "store", Result::invalidValue},
      {"too many threads", {1, 1, 1, 33, 32, 1, 0, nullptr, nullptr, 0}, "store", Result::invalidValue},
      {"more than .maxntid", {1, 1, 1, 65, 1, 1, 0, nullptr, nullptr, 0}, "narrow", Result::launchOutOfResources},
      {"other than .reqntid", {1, 1, 1, 64, 1, 1, 0, nullptr, nullptr, 0}, "fixed", Result::invalidValue},
      {"too much shared memory", {1, 1, 1, 1, 1, 1, 48 * 1024 + 1, nullptr, nullptr, 0}, "store", Result::invalidValue},
      {"attributes at address 0", {1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, 1}, "store", Result::invalidValue},
  };
  for (const Shape &shape : shapes) {
    INFO(shape.what);
    Gpu gpu;
    gpu.load();
    DeviceAddress word = gpu.allocate(4);
    uint32_t value = 1;
    void *params[] = {&word, &value};
    Result result =
        gpu.api.cuLaunchKernelEx(&shape.config, reinterpret_cast<Function>(gpu.kernel(shape.kernel)), params, nullptr);
    CHECK(std::string(nameOf(result)) == nameOf(shape.expected));
    CHECK_RESULT(gpu.api.cuCtxSynchronize(), CUDA_SUCCESS); // a refused launch leaves nothing behind
  }
}

static LaunchAttribute attribute(LaunchAttributeId id, int value) {
  LaunchAttribute made{};
  made.id = id;
  made.value.cooperative = value;
  return made;
}
static LaunchAttribute cluster(unsigned x, unsigned y = 1, unsigned z = 1) {
  LaunchAttribute made{};
  made.id = LaunchAttributeId::clusterDimension;
  made.value.clusterDim = {x, y, z};
  return made;
}

TEST_CASE("launch: attributes that are refused") {
  struct Case {
    const char *architecture;
    LaunchAttribute attribute;
    Result expected;
  };
  for (const Case &c : {Case{"sm_80", cluster(1), Result::notSupported},
                        {"sm_90", cluster(1), Result::success},
                        {"sm_90", cluster(2), Result::invalidClusterSize}, // does not divide the grid of one block
                        {"sm_90", cluster(0), Result::invalidClusterSize},
                        {"sm_90", cluster(9), Result::invalidClusterSize},
                        {"sm_80", attribute(LaunchAttributeId::programmaticStreamSerialization, 1), Result::notSupported},
                        {"sm_80", attribute(LaunchAttributeId::programmaticStreamSerialization, 0), Result::success},
                        {"sm_90", attribute(LaunchAttributeId::programmaticStreamSerialization, 1), Result::success},
                        {"sm_90", attribute(LaunchAttributeId::cooperative, 1), Result::notSupported},
                        {"sm_90", attribute(LaunchAttributeId::programmaticEvent, 1), Result::notSupported},
                        {"sm_90", attribute(LaunchAttributeId::priority, -1), Result::success},
                        {"sm_90", attribute(LaunchAttributeId::ignore, 1), Result::success}}) {
    INFO(c.architecture << " " << static_cast<int>(c.attribute.id));
    Gpu gpu(Setup{.architecture = c.architecture});
    gpu.load();
    Result result = gpu.launch(gpu.store, nullptr, gpu.allocate(4), 1, {c.attribute});
    CHECK(std::string(nameOf(result)) == nameOf(c.expected));
  }
}

TEST_CASE("launch: arguments are needed") {
  Gpu gpu;
  gpu.load();
  DeviceAddress word = gpu.allocate(4);
  LaunchConfig config{1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, 0};
  void *params[] = {&word, nullptr};
  CHECK_RESULT(gpu.api.cuLaunchKernelEx(&config, reinterpret_cast<Function>(gpu.store), nullptr, nullptr),
               CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(gpu.api.cuLaunchKernelEx(&config, reinterpret_cast<Function>(gpu.store), params, nullptr),
               CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(gpu.api.cuLaunchKernelEx(nullptr, reinterpret_cast<Function>(gpu.store), params, nullptr),
               CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(gpu.api.cuLaunchKernelEx(&config, nullptr, params, nullptr), CUDA_ERROR_INVALID_HANDLE);
}

TEST_CASE("launch: programmatic launches run in order all the same") {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Gpu gpu(Setup{.architecture = "sm_90", .seed = seed});
    gpu.load();
    DeviceAddress words = gpu.allocate(8);
    Gpu::ok(gpu.api.cuMemsetD32(words, 0, 2));
    Stream stream = gpu.stream(kStreamDefault);
    LaunchAttribute overlap = attribute(LaunchAttributeId::programmaticStreamSerialization, 1);
    Gpu::ok(gpu.launch(gpu.store, stream, words, 5, {overlap}));
    Gpu::ok(gpu.api.cuStreamSynchronize(stream));
    CHECK(Gpu::peek(words) == 5);
  }
}

TEST_CASE("faults: one makes all that follows fail in its context, and in no other") {
  Gpu gpu;
  gpu.load();
  DeviceAddress word = gpu.allocate(4);
  Stream stream = gpu.stream();
  Gpu::ok(gpu.api.cuMemsetD32(word, 1, 1));
  Gpu::ok(gpu.api.cuCtxSynchronize());
  Gpu::ok(gpu.launch(gpu.store, stream, 64, 1)); // told later
  Gpu::ok(gpu.launch(gpu.store, stream, word, 2));
  CHECK_RESULT(gpu.api.cuStreamSynchronize(stream), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK(Gpu::peek(word) == 1);
  uint32_t value = 0;
  DeviceAddress other = 0;
  CHECK_RESULT(gpu.api.cuMemcpyDtoH(&value, word, 4), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_RESULT(gpu.api.cuMemAlloc(&other, 4), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_RESULT(gpu.launch(gpu.store, stream, word, 2), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_RESULT(gpu.api.cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_RESULT(gpu.api.cuStreamDestroy(stream), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_RESULT(gpu.api.cuMemFree(word), CUDA_ERROR_ILLEGAL_ADDRESS);
  Context fresh = nullptr;
  Gpu::ok(EXPORTED(cuCtxCreate_v2)(&fresh, 0, 0));
  Gpu::ok(gpu.launch(gpu.store, nullptr, gpu.allocate(4), 2));
  CHECK_RESULT(gpu.api.cuCtxSynchronize(), CUDA_SUCCESS);
}

TEST_CASE("faults: a kernel whose memory was freed is told as that") {
  Gpu gpu;
  gpu.load();
  DeviceAddress word = gpu.allocate(4);
  Gpu::ok(gpu.api.cuMemFree(word));
  Gpu::ok(gpu.launch(gpu.store, nullptr, word, 1));
  CHECK_RESULT(gpu.api.cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
}

TEST_CASE("faults: a graph does not outlive its library") {
  Gpu gpu;
  gpu.load();
  DeviceAddress word = gpu.allocate(4);
  Stream stream = gpu.stream();
  Graph graph = nullptr;
  GraphExec exec = nullptr;
  Gpu::ok(gpu.api.cuStreamBeginCapture(stream, CaptureMode::relaxed));
  Gpu::ok(gpu.launch(gpu.store, stream, word, 1));
  Gpu::ok(gpu.api.cuStreamEndCapture(stream, &graph));
  Gpu::ok(gpu.api.cuGraphInstantiateWithFlags(&exec, graph, 0));
  Gpu::ok(gpu.api.cuLibraryUnload(gpu.library));
  Gpu::ok(gpu.api.cuGraphLaunch(exec, stream));
  CHECK_RESULT(gpu.api.cuStreamSynchronize(stream), CUDA_ERROR_LAUNCH_FAILED);
}
