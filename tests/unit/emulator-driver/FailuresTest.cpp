// Every entry point in every situation that makes calls fail: with good arguments it succeeds; without a context, and in one
// that a fault left dead, it fails as documented.
#include "tests/unit/emulator-driver/Scene.h"

#include <set>

using namespace skip::driver;

namespace {
/// What an entry point needs: with none of these it works without a context, and in a dead one.
enum Needs { nothing = 0, aContext = 1, aLiveOne = 3 };
struct Good {
  const char *symbolName;
  Needs needs;
  Result (*call)(Scene &);
};
} // namespace

static const uint64_t kDims[] = {64, 8}, kStrides[] = {128};
static const uint64_t kImageDims[] = {64, 8, 8, 1}, kImageStrides[] = {128, 1024, 8192};
static const uint32_t kBox[] = {64, 8}, kOnes[] = {1, 1, 1, 1};
static const int kCorners[] = {0, 0};
alignas(64) static skip::cuda::TensorMap tensorMap;

#define GOOD(symbolName, needs, ...) {#symbolName, needs, [](Scene &s) -> Result { return EXPORTED(symbolName)(__VA_ARGS__); }}

static const Good kGood[] = {
    GOOD(cuInit, nothing, 0),
    GOOD(cuDriverGetVersion, nothing, &number),
    GOOD(cuGetProcAddress_v2, nothing, "cuInit", &pointer, 12000, 0, nullptr),
    GOOD(cuGetProcAddress, nothing, "cuInit", &pointer, 11030, 0),
    GOOD(cuGetErrorName, nothing, Result::success, &constText),
    GOOD(cuGetErrorString, nothing, Result::success, &constText),
    GOOD(cuDeviceGet, nothing, &number, 0),
    GOOD(cuDeviceGetCount, nothing, &number),
    GOOD(cuDeviceGetName, nothing, text, sizeof text, 0),
    GOOD(cuDeviceGetAttribute, nothing, &number, DeviceAttribute::warpSize, 0),
    GOOD(cuDeviceTotalMem_v2, nothing, &bytes, 0),
    GOOD(cuDeviceGetUuid_v2, nothing, place<Uuid>(), 0),
    GOOD(cuDevicePrimaryCtxRetain, nothing, place<Context>(), 0),
    GOOD(cuDevicePrimaryCtxRelease_v2, nothing, 0),
    GOOD(cuCtxCreate_v2, nothing, place<Context>(), 0, 0),
    GOOD(cuCtxCreate_v3, nothing, place<Context>(), nullptr, 0, 0, 0),
    GOOD(cuCtxCreate_v4, nothing, place<Context>(), nullptr, 0, 0),
    GOOD(cuCtxDestroy_v2, nothing, s.second),
    GOOD(cuCtxPushCurrent_v2, nothing, s.context),
    GOOD(cuCtxPopCurrent_v2, aContext, place<Context>()),
    GOOD(cuCtxGetCurrent, nothing, place<Context>()),
    GOOD(cuCtxSetCurrent, nothing, s.context),
    GOOD(cuCtxGetDevice, aContext, &number),
    GOOD(cuCtxGetDevice_v2, nothing, &number, s.second),
    GOOD(cuCtxSynchronize, aLiveOne, ),
    GOOD(cuCtxSynchronize_v2, nothing, s.second),
    GOOD(cuCtxGetStreamPriorityRange, aLiveOne, &number, &number),
    GOOD(cuMemAlloc_v2, aLiveOne, words, 16),
    GOOD(cuMemFree_v2, aLiveOne, s.memory),
    GOOD(cuMemHostAlloc, aLiveOne, &pointer, 16, 0),
    GOOD(cuMemFreeHost, aLiveOne, s.pinned),
    GOOD(cuMemGetInfo_v2, aLiveOne, &bytes, &bytes),
    GOOD(cuMemcpyHtoD_v2, aLiveOne, s.memory, words, 8),
    GOOD(cuMemcpyDtoH_v2, aLiveOne, words, s.memory, 8),
    GOOD(cuMemcpyDtoD_v2, aLiveOne, s.memory, s.memory + 8, 8),
    GOOD(cuMemcpyHtoDAsync_v2, aLiveOne, s.memory, words, 8, s.stream),
    GOOD(cuMemcpyDtoHAsync_v2, aLiveOne, words, s.memory, 8, s.stream),
    GOOD(cuMemcpyDtoDAsync_v2, aLiveOne, s.memory, s.memory + 8, 8, s.stream),
    GOOD(cuMemsetD8_v2, aLiveOne, s.memory, 1, 8),
    GOOD(cuMemsetD32_v2, aLiveOne, s.memory, 1, 2),
    GOOD(cuMemsetD8Async, aLiveOne, s.memory, 1, 8, s.stream),
    GOOD(cuMemsetD32Async, aLiveOne, s.memory, 1, 2, s.stream),
    GOOD(cuPointerGetAttribute, aContext, words, PointerAttribute::rangeSize, s.memory),
    GOOD(cuLibraryLoadData, nothing, place<Library>(), kPtx, nullptr, nullptr, 0, nullptr, nullptr, 0),
    GOOD(cuLibraryUnload, nothing, s.library),
    GOOD(cuLibraryGetKernel, nothing, place<Kernel>(), s.library, "store"),
    GOOD(cuLibraryGetGlobal, aLiveOne, words, &bytes, s.library, "table"),
    GOOD(cuKernelGetFunction, aLiveOne, place<Function>(), s.store),
    GOOD(cuKernelGetAttribute, nothing, &number, FunctionAttribute::ptxVersion, s.store, 0),
    GOOD(cuKernelSetAttribute, nothing, FunctionAttribute::maxDynamicSharedSizeBytes, 1024, s.store, 0),
    GOOD(cuModuleLoadData, aLiveOne, place<Module>(), kPtx),
    GOOD(cuModuleLoadDataEx, aLiveOne, place<Module>(), kPtx, 0, nullptr, nullptr),
    GOOD(cuModuleUnload, aLiveOne, s.module),
    GOOD(cuModuleGetFunction, aLiveOne, place<Function>(), s.module, "scale"),
    GOOD(cuModuleGetGlobal_v2, aLiveOne, words, &bytes, s.module, "table"),
    GOOD(cuFuncGetAttribute, aLiveOne, &number, FunctionAttribute::ptxVersion, s.function),
    GOOD(cuFuncSetAttribute, aLiveOne, s.function, FunctionAttribute::maxDynamicSharedSizeBytes, 1024),
    {"cuLaunchKernelEx", aLiveOne, [](Scene &s) { return s.launchEx(s.stream, s.function); }},
    {"cuLaunchKernel", aLiveOne, [](Scene &s) { return s.launchOld(s.stream, s.function); }},
    GOOD(
        cuLaunchHostFunc, aLiveOne, s.stream, [](void *) {}, nullptr),
    GOOD(cuOccupancyMaxActiveBlocksPerMultiprocessor, aLiveOne, &number, s.function, 32, 0),
    GOOD(cuStreamCreate, aLiveOne, place<Stream>(), kStreamDefault),
    GOOD(cuStreamCreateWithPriority, aLiveOne, place<Stream>(), kStreamNonBlocking, -1),
    GOOD(cuStreamDestroy_v2, aLiveOne, s.stream),
    GOOD(cuStreamSynchronize, aLiveOne, s.stream),
    GOOD(cuStreamQuery, aLiveOne, s.stream),
    GOOD(cuStreamWaitEvent, aLiveOne, s.stream, s.event, 0),
    GOOD(cuStreamBeginCapture_v2, aLiveOne, s.stream, CaptureMode::relaxed),
    {"cuStreamEndCapture", aLiveOne,
     [](Scene &s) {
       s.api.cuStreamBeginCapture(s.stream, CaptureMode::relaxed);
       return s.api.cuStreamEndCapture(s.stream, place<Graph>());
     }},
    GOOD(cuStreamIsCapturing, aLiveOne, s.stream, place<CaptureStatus>()),
    GOOD(cuStreamGetCtx, aLiveOne, s.stream, place<Context>()),
    {"cuThreadExchangeStreamCaptureMode", nothing,
     [](Scene &) {
       CaptureMode mode = CaptureMode::global;
       return EXPORTED(cuThreadExchangeStreamCaptureMode)(&mode);
     }},
    GOOD(cuEventCreate, aLiveOne, place<Event>(), kEventDefault),
    GOOD(cuEventRecord, aLiveOne, s.event, s.stream),
    GOOD(cuEventSynchronize, aLiveOne, s.event),
    GOOD(cuEventQuery, aLiveOne, s.event),
    GOOD(cuEventElapsedTime, aLiveOne, &real, s.earlier, s.event),
    GOOD(cuEventElapsedTime_v2, aLiveOne, &real, s.earlier, s.event),
    GOOD(cuEventDestroy_v2, aLiveOne, s.event),
    GOOD(cuGraphInstantiateWithFlags, aLiveOne, place<GraphExec>(), s.graph, 0),
    GOOD(cuGraphUpload, aLiveOne, s.exec, s.stream),
    GOOD(cuGraphLaunch, aLiveOne, s.exec, s.stream),
    GOOD(cuGraphDestroy, nothing, s.graph),
    GOOD(cuGraphExecDestroy, nothing, s.exec),
    GOOD(cuGraphGetNodes, nothing, s.graph, nullptr, &bytes),
    GOOD(cuGraphNodeGetType, nothing, s.node, place<GraphNodeType>()),
    GOOD(cuGraphKernelNodeGetParams_v2, nothing, s.node, place<KernelNodeParams>()),
    GOOD(cuTensorMapEncodeTiled, nothing, &tensorMap, skip::cuda::TensorMapType::float16, 2, reinterpret_cast<void *>(s.memory),
         kDims, kStrides, kBox, kOnes, TensorMapInterleave::none, TensorMapSwizzle::b128, TensorMapPromotion::none,
         TensorMapFill::none),
    GOOD(cuTensorMapEncodeIm2col, nothing, &tensorMap, skip::cuda::TensorMapType::float16, 4,
         reinterpret_cast<void *>(s.memory), kImageDims, kImageStrides, kCorners, kCorners, 64, 8, kOnes,
         TensorMapInterleave::none, TensorMapSwizzle::b128, TensorMapPromotion::none, TensorMapFill::none),
};

TEST_CASE("failures: the table has each entry point once") {
  std::set<std::string> known, listed;
  for (const Entry &entry : entries())
    known.insert(entry.symbol);
  for (const Good &good : kGood)
    CHECK(listed.insert(good.symbolName).second);
  CHECK(listed == known);
}

TEST_CASE("failures: with good arguments each succeeds") {
  for (const Good &good : kGood) {
    INFO(good.symbolName);
    Scene scene;
    CHECK_RESULT(good.call(scene), CUDA_SUCCESS);
    CHECK_RESULT(scene.api.cuCtxSetCurrent(nullptr), CUDA_SUCCESS);
  }
}

TEST_CASE("failures: without a context") {
  for (const Good &good : kGood) {
    INFO(good.symbolName);
    Scene scene;
    contextStack().clear();
    if (good.needs == nothing)
      CHECK_RESULT(good.call(scene), CUDA_SUCCESS);
    else
      CHECK_RESULT(good.call(scene), CUDA_ERROR_INVALID_CONTEXT);
  }
}

TEST_CASE("failures: in a context that a fault left dead") {
  for (const Good &good : kGood) {
    if (std::string(good.symbolName) == "cuLibraryLoadData")
      continue; // below: it needs no context, but a live one if there is one
    INFO(good.symbolName);
    Scene scene;
    scene.launch(scene.store, scene.stream, 64, 1);
    CHECK_RESULT(scene.api.cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
    if (good.needs == aLiveOne)
      CHECK_RESULT(good.call(scene), CUDA_ERROR_ILLEGAL_ADDRESS);
    else
      CHECK_RESULT(good.call(scene), CUDA_SUCCESS);
  }
  Scene scene;
  scene.launch(scene.store, scene.stream, 64, 1);
  scene.api.cuCtxSynchronize();
  CHECK_RESULT(scene.api.cuLibraryLoadData(place<Library>(), kPtx, nullptr, nullptr, 0, nullptr, nullptr, 0),
               CUDA_ERROR_ILLEGAL_ADDRESS);
}
