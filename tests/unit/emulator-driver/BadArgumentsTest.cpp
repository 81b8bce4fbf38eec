// Every entry point with a handle that is none, with a value that is none, and without a place for its answer.
#include "tests/unit/emulator-driver/Scene.h"

using namespace skip::driver;

TEST_CASE("bad arguments: handles that are none") {
  struct Case {
    const char *symbolName;
    Result expected;
    Result (*call)(Scene &);
  };
  using R = Result;
#define BAD(symbolName, expected, ...)                                                                                         \
  Case {                                                                                                                       \
    #symbolName, R::expected, [](Scene &s) -> Result { return EXPORTED(symbolName)(__VA_ARGS__); }                             \
  }
  static const Stream noStream = reinterpret_cast<Stream>(uint64_t{0x1234560});
  static const Event noEvent = reinterpret_cast<Event>(noStream);
  static const Case cases[] = {
      BAD(cuDeviceGet, invalidDevice, &number, 1),
      BAD(cuDeviceGetName, invalidDevice, text, 8, -1),
      BAD(cuDeviceGetAttribute, invalidDevice, &number, DeviceAttribute::warpSize, 7),
      BAD(cuDeviceTotalMem_v2, invalidDevice, &bytes, 1),
      BAD(cuDeviceGetUuid_v2, invalidDevice, place<Uuid>(), 1),
      BAD(cuDevicePrimaryCtxRetain, invalidDevice, place<Context>(), 1),
      BAD(cuDevicePrimaryCtxRelease_v2, invalidDevice, 1),
      BAD(cuCtxCreate_v2, invalidDevice, place<Context>(), 0, 1),
      BAD(cuCtxDestroy_v2, invalidContext, reinterpret_cast<Context>(s.stream)),
      BAD(cuCtxPushCurrent_v2, invalidContext, reinterpret_cast<Context>(s.stream)),
      BAD(cuCtxSetCurrent, invalidContext, reinterpret_cast<Context>(s.stream)),
      BAD(cuLibraryUnload, invalidHandle, reinterpret_cast<Library>(s.module)),
      BAD(cuLibraryGetKernel, invalidHandle, place<Kernel>(), nullptr, "store"),
      BAD(cuLibraryGetKernel, notFound, place<Kernel>(), s.library, "stor"),
      BAD(cuLibraryGetGlobal, invalidHandle, words, &bytes, nullptr, "table"),
      BAD(cuKernelGetFunction, invalidHandle, place<Function>(), nullptr),
      BAD(cuKernelGetAttribute, invalidHandle, &number, FunctionAttribute::ptxVersion, nullptr, 0),
      BAD(cuKernelSetAttribute, invalidHandle, FunctionAttribute::maxDynamicSharedSizeBytes, 0, nullptr, 0),
      BAD(cuModuleUnload, invalidHandle, nullptr),
      BAD(cuModuleGetFunction, invalidHandle, place<Function>(), nullptr, "store"),
      BAD(cuModuleGetGlobal_v2, invalidHandle, words, &bytes, nullptr, "table"),
      BAD(cuFuncGetAttribute, invalidHandle, &number, FunctionAttribute::ptxVersion, nullptr),
      BAD(cuFuncSetAttribute, invalidHandle, nullptr, FunctionAttribute::maxDynamicSharedSizeBytes, 0),
      {"cuLaunchKernelEx", R::invalidHandle, [](Scene &s) { return s.launchEx(noStream, s.function); }},
      {"cuLaunchKernelEx", R::invalidHandle, [](Scene &s) { return s.launchEx(s.stream, nullptr); }},
      {"cuLaunchKernel", R::invalidHandle, [](Scene &s) { return s.launchOld(noStream, s.function); }},
      {"cuLaunchKernel", R::invalidHandle, [](Scene &s) { return s.launchOld(s.stream, nullptr); }},
      BAD(
          cuLaunchHostFunc, invalidHandle, noStream, [](void *) {}, nullptr),
      BAD(cuOccupancyMaxActiveBlocksPerMultiprocessor, invalidHandle, &number, nullptr, 32, 0),
      BAD(cuMemcpyHtoDAsync_v2, invalidHandle, s.memory, words, 8, noStream),
      BAD(cuMemcpyDtoHAsync_v2, invalidHandle, words, s.memory, 8, noStream),
      BAD(cuMemcpyDtoDAsync_v2, invalidHandle, s.memory, s.memory, 8, noStream),
      BAD(cuMemsetD8Async, invalidHandle, s.memory, 0, 8, noStream),
      BAD(cuMemsetD32Async, invalidHandle, s.memory, 0, 2, noStream),
      BAD(cuStreamDestroy_v2, invalidHandle, noStream),
      BAD(cuStreamDestroy_v2, invalidHandle, nullptr),
      BAD(cuStreamSynchronize, invalidHandle, noStream),
      BAD(cuStreamQuery, invalidHandle, noStream),
      BAD(cuStreamWaitEvent, invalidHandle, noStream, s.event, 0),
      BAD(cuStreamWaitEvent, invalidHandle, s.stream, noEvent, 0),
      BAD(cuStreamWaitEvent, invalidValue, s.stream, s.event, 2),
      BAD(cuStreamBeginCapture_v2, invalidHandle, noStream, CaptureMode::global),
      BAD(cuStreamEndCapture, invalidHandle, noStream, place<Graph>()),
      BAD(cuStreamIsCapturing, invalidHandle, noStream, place<CaptureStatus>()),
      BAD(cuStreamGetCtx, invalidHandle, noStream, place<Context>()),
      BAD(cuEventRecord, invalidHandle, noEvent, s.stream),
      BAD(cuEventRecord, invalidHandle, s.event, noStream),
      BAD(cuEventSynchronize, invalidHandle, noEvent),
      BAD(cuEventQuery, invalidHandle, noEvent),
      BAD(cuEventElapsedTime, invalidHandle, &real, noEvent, s.event),
      BAD(cuEventElapsedTime_v2, invalidHandle, &real, s.event, noEvent),
      BAD(cuEventDestroy_v2, invalidHandle, noEvent),
      BAD(cuEventCreate, notSupported, place<Event>(), kEventInterprocess | kEventDisableTiming),
      BAD(cuEventCreate, invalidValue, place<Event>(), 8),
      BAD(cuStreamCreate, invalidValue, place<Stream>(), 2),
      BAD(cuStreamCreateWithPriority, invalidValue, place<Stream>(), 2, 0),
      BAD(cuGraphInstantiateWithFlags, invalidHandle, place<GraphExec>(), nullptr, 0),
      BAD(cuGraphUpload, invalidHandle, nullptr, s.stream),
      BAD(cuGraphUpload, invalidHandle, s.exec, noStream),
      BAD(cuGraphLaunch, invalidHandle, nullptr, s.stream),
      BAD(cuGraphLaunch, invalidHandle, s.exec, noStream),
      BAD(cuGraphDestroy, invalidHandle, nullptr),
      BAD(cuGraphExecDestroy, invalidHandle, nullptr),
      BAD(cuGraphGetNodes, invalidHandle, nullptr, nullptr, &bytes),
      BAD(cuGraphNodeGetType, invalidHandle, nullptr, place<GraphNodeType>()),
      BAD(cuGraphKernelNodeGetParams_v2, invalidHandle, nullptr, place<KernelNodeParams>()),
      BAD(cuGetErrorName, invalidValue, static_cast<Result>(12345), &constText),
      BAD(cuGetErrorString, invalidValue, static_cast<Result>(12345), &constText),
      BAD(cuCtxCreate_v3, notSupported, place<Context>(), words, 1, 0, 0),
      BAD(cuCtxCreate_v2, invalidValue, place<Context>(), 0x100, 0),
      BAD(cuGetProcAddress_v2, invalidValue, "cuInit", &pointer, 13010, 0, nullptr),
      BAD(cuGetProcAddress_v2, invalidValue, "cuInit", &pointer, 12000, 3, nullptr),
      BAD(cuGetProcAddress_v2, notSupported, "cuInit", &pointer, 12000, kProcAddressPerThreadStream, nullptr),
      BAD(cuPointerGetAttribute, invalidValue, words, static_cast<PointerAttribute>(99), s.memory),
  };
  for (const Case &c : cases) {
    INFO(c.symbolName);
    Scene scene;
    CHECK(std::string(nameOf(c.call(scene))) == nameOf(c.expected));
  }
}

TEST_CASE("bad arguments: no place for the answer") {
  struct Case {
    const char *symbolName;
    Result (*call)(Scene &);
  };
#define NULL_ANSWER(symbolName, ...)                                                                                           \
  Case {                                                                                                                       \
    #symbolName, [](Scene &s) -> Result { return EXPORTED(symbolName)(__VA_ARGS__); }                                          \
  }
  static const Case cases[] = {
      NULL_ANSWER(cuDriverGetVersion, nullptr),
      NULL_ANSWER(cuGetProcAddress_v2, "cuInit", nullptr, 12000, 0, nullptr),
      NULL_ANSWER(cuGetProcAddress_v2, nullptr, &pointer, 12000, 0, nullptr),
      NULL_ANSWER(cuGetErrorName, Result::success, nullptr),
      NULL_ANSWER(cuGetErrorString, Result::success, nullptr),
      NULL_ANSWER(cuDeviceGet, nullptr, 0),
      NULL_ANSWER(cuDeviceGetCount, nullptr),
      NULL_ANSWER(cuDeviceGetName, nullptr, 8, 0),
      NULL_ANSWER(cuDeviceGetName, text, 0, 0),
      NULL_ANSWER(cuDeviceGetAttribute, nullptr, DeviceAttribute::warpSize, 0),
      NULL_ANSWER(cuDeviceTotalMem_v2, nullptr, 0),
      NULL_ANSWER(cuDeviceGetUuid_v2, nullptr, 0),
      NULL_ANSWER(cuDevicePrimaryCtxRetain, nullptr, 0),
      NULL_ANSWER(cuCtxCreate_v2, nullptr, 0, 0),
      NULL_ANSWER(cuCtxGetCurrent, nullptr),
      NULL_ANSWER(cuCtxGetDevice, nullptr),
      NULL_ANSWER(cuMemAlloc_v2, nullptr, 8),
      NULL_ANSWER(cuMemHostAlloc, nullptr, 8, 0),
      NULL_ANSWER(cuMemGetInfo_v2, nullptr, &bytes),
      NULL_ANSWER(cuMemGetInfo_v2, &bytes, nullptr),
      NULL_ANSWER(cuPointerGetAttribute, nullptr, PointerAttribute::context, s.memory),
      NULL_ANSWER(cuLibraryLoadData, nullptr, kPtx, nullptr, nullptr, 0, nullptr, nullptr, 0),
      NULL_ANSWER(cuLibraryLoadData, place<Library>(), nullptr, nullptr, nullptr, 0, nullptr, nullptr, 0),
      NULL_ANSWER(cuLibraryLoadData, place<Library>(), kPtx, nullptr, nullptr, 1, nullptr, nullptr, 0),
      NULL_ANSWER(cuLibraryLoadData, place<Library>(), kPtx, nullptr, nullptr, 0, nullptr, nullptr, 1),
      NULL_ANSWER(cuLibraryGetKernel, nullptr, s.library, "store"),
      NULL_ANSWER(cuLibraryGetKernel, place<Kernel>(), s.library, nullptr),
      NULL_ANSWER(cuLibraryGetGlobal, nullptr, nullptr, s.library, "table"),
      NULL_ANSWER(cuKernelGetFunction, nullptr, s.store),
      NULL_ANSWER(cuKernelGetAttribute, nullptr, FunctionAttribute::ptxVersion, s.store, 0),
      NULL_ANSWER(cuModuleLoadData, nullptr, kPtx),
      NULL_ANSWER(cuModuleLoadData, place<Module>(), nullptr),
      NULL_ANSWER(cuModuleGetFunction, nullptr, s.module, "store"),
      NULL_ANSWER(cuFuncGetAttribute, nullptr, FunctionAttribute::ptxVersion, s.function),
      NULL_ANSWER(cuLaunchHostFunc, s.stream, nullptr, nullptr),
      NULL_ANSWER(cuOccupancyMaxActiveBlocksPerMultiprocessor, nullptr, s.function, 32, 0),
      NULL_ANSWER(cuStreamCreate, nullptr, 0),
      NULL_ANSWER(cuStreamEndCapture, s.stream, nullptr),
      NULL_ANSWER(cuStreamIsCapturing, s.stream, nullptr),
      NULL_ANSWER(cuStreamGetCtx, s.stream, nullptr),
      NULL_ANSWER(cuThreadExchangeStreamCaptureMode, nullptr),
      NULL_ANSWER(cuEventCreate, nullptr, 0),
      NULL_ANSWER(cuEventElapsedTime, nullptr, s.earlier, s.event),
      NULL_ANSWER(cuGraphInstantiateWithFlags, nullptr, s.graph, 0),
      NULL_ANSWER(cuGraphGetNodes, s.graph, nullptr, nullptr),
      NULL_ANSWER(cuGraphNodeGetType, s.node, nullptr),
      NULL_ANSWER(cuGraphKernelNodeGetParams_v2, s.node, nullptr),
  };
  for (const Case &c : cases) {
    INFO(c.symbolName);
    Scene scene;
    CHECK_RESULT(c.call(scene), CUDA_ERROR_INVALID_VALUE);
  }
}
