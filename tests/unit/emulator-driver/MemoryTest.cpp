// Allocations, copies and what is wrong with them.
#include "tests/unit/emulator-driver/Gpu.h"

#include <cstring>

using namespace skip::driver;

TEST_CASE("memory: allocations are counted, freed once, and not used after that") {
  Gpu gpu(Setup{.memoryBytes = 4096});
  size_t free = 0, total = 0;
  Gpu::ok(gpu.api.cuMemGetInfo(&free, &total));
  CHECK(free == 4096);
  CHECK(total == 4096);
  DeviceAddress address = gpu.allocate(1000);
  CHECK(address % 256 == 0);
  Gpu::ok(gpu.api.cuMemGetInfo(&free, &total));
  CHECK(free < 4096);
  DeviceAddress other = 0;
  CHECK_RESULT(gpu.api.cuMemAlloc(&other, 4096), CUDA_ERROR_OUT_OF_MEMORY);
  CHECK_RESULT(gpu.api.cuMemAlloc(&other, 0), CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(gpu.api.cuMemFree(address + 4), CUDA_ERROR_INVALID_VALUE);
  Gpu::ok(gpu.api.cuMemFree(address));
  CHECK_RESULT(gpu.api.cuMemFree(address), CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(gpu.api.cuMemsetD8(address, 0, 1), CUDA_ERROR_INVALID_VALUE);
  Gpu::ok(gpu.api.cuMemFree(0));
}

TEST_CASE("memory: freeing waits for the work that was given before") {
  Gpu gpu;
  DeviceAddress from = gpu.allocate(4), to = gpu.allocate(4);
  Stream stream = gpu.stream();
  Gpu::ok(gpu.api.cuMemsetD32Async(from, 3, 1, stream));
  Gpu::ok(gpu.api.cuMemcpyDtoDAsync(to, from, 4, stream));
  Gpu::ok(gpu.api.cuMemFree(from));
  CHECK(Gpu::peek(to) == 3);
}

TEST_CASE("memory: copies stay within what they name") {
  Gpu gpu;
  DeviceAddress device = gpu.allocate(16);
  char host[16] = "fifteen letters";
  Gpu::ok(gpu.api.cuMemcpyHtoD(device, host, 16));
  char back[16] = {};
  Gpu::ok(gpu.api.cuMemcpyDtoH(back, device, 16));
  CHECK(std::string(back) == host);
  Gpu::ok(gpu.api.cuMemcpyDtoD(device + 8, device, 8));
  Gpu::ok(gpu.api.cuMemcpyDtoH(back, device, 16));
  CHECK(std::memcmp(back, "fifteen fifteen ", 16) == 0);
  CHECK_RESULT(gpu.api.cuMemcpyHtoD(device + 1, host, 16), CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(gpu.api.cuMemcpyDtoH(back, device + 15, 2), CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(gpu.api.cuMemcpyDtoD(device, device + 16, 1), CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(gpu.api.cuMemcpyHtoD(device, nullptr, 1), CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(gpu.api.cuMemcpyHtoD(device, reinterpret_cast<void *>(device), 1), CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(gpu.api.cuMemcpyHtoD(reinterpret_cast<DeviceAddress>(host), host, 1), CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(gpu.api.cuMemsetD32(device + 2, 0, 1), CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(gpu.api.cuMemsetD32(device, 0, SIZE_MAX), CUDA_ERROR_INVALID_VALUE);
  Gpu::ok(gpu.api.cuMemcpyHtoD(device, host, 0));
}

TEST_CASE("memory: pinned memory has ends, and is freed once") {
  Gpu gpu;
  DeviceAddress device = gpu.allocate(8192);
  void *memory = nullptr;
  Gpu::ok(gpu.api.cuMemHostAlloc(&memory, 100, kHostAllocPortable));
  std::memset(memory, 1, 100);
  CHECK_RESULT(gpu.api.cuMemcpyHtoD(device, memory, 101), CUDA_ERROR_INVALID_VALUE);
  Gpu::ok(gpu.api.cuMemFreeHost(memory));
  CHECK_RESULT(gpu.api.cuMemFreeHost(memory), CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(gpu.api.cuMemFreeHost(&gpu), CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(gpu.api.cuMemHostAlloc(&memory, 100, 8), CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(gpu.api.cuMemHostAlloc(&memory, SIZE_MAX, 0), CUDA_ERROR_OUT_OF_MEMORY);
}

TEST_CASE("memory: pointers tell where they belong") {
  Gpu gpu;
  DeviceAddress device = gpu.allocate(64);
  auto attribute = [&]<class Value>(PointerAttribute name, DeviceAddress address, Value value) {
    Gpu::ok(gpu.api.cuPointerGetAttribute(&value, name, address));
    return value;
  };
  CHECK(attribute(PointerAttribute::context, device + 3, Context{}) == gpu.context);
  CHECK(attribute(PointerAttribute::memoryType, device, MemoryType{}) == MemoryType::device);
  CHECK(attribute(PointerAttribute::deviceOrdinal, device, -1) == 0);
  CHECK(attribute(PointerAttribute::rangeStartAddress, device + 5, DeviceAddress{}) == device);
  CHECK(attribute(PointerAttribute::rangeSize, device + 5, size_t{}) == 64);
  CHECK(attribute(PointerAttribute::devicePointer, device + 5, DeviceAddress{}) == device + 5);
  CHECK(attribute(PointerAttribute::isManaged, device, 1u) == 0);
  CHECK(attribute(PointerAttribute::mapped, device, 0u) == 1);
  CHECK(attribute(PointerAttribute::bufferId, device, uint64_t{}) ==
        attribute(PointerAttribute::bufferId, device + 63, uint64_t{}));
  uint64_t value = 0;
  CHECK_RESULT(gpu.api.cuPointerGetAttribute(&value, PointerAttribute::hostPointer, device), CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(gpu.api.cuPointerGetAttribute(&value, PointerAttribute::context, reinterpret_cast<DeviceAddress>(&gpu)),
               CUDA_ERROR_INVALID_VALUE);
  void *pinned = nullptr;
  Gpu::ok(gpu.api.cuMemHostAlloc(&pinned, 8, 0));
  CHECK(attribute(PointerAttribute::memoryType, reinterpret_cast<DeviceAddress>(pinned), MemoryType{}) == MemoryType::host);
  CHECK(attribute(PointerAttribute::hostPointer, reinterpret_cast<DeviceAddress>(pinned) + 2, uint64_t{}) ==
        reinterpret_cast<uint64_t>(pinned) + 2);
  CHECK_RESULT(gpu.api.cuPointerGetAttribute(&value, PointerAttribute::devicePointer, reinterpret_cast<DeviceAddress>(pinned)),
               CUDA_ERROR_INVALID_VALUE);
  Gpu::ok(gpu.api.cuMemFreeHost(pinned));
}

TEST_CASE("contexts: each thread has a stack of its own") {
  Gpu gpu;
  Context second = nullptr, current = nullptr;
  Gpu::ok(EXPORTED(cuCtxCreate_v2)(&second, 0, 0));
  Gpu::ok(gpu.api.cuCtxGetCurrent(&current));
  CHECK(current == second);
  Gpu::ok(gpu.api.cuCtxPopCurrent(&current));
  CHECK(current == second);
  Gpu::ok(gpu.api.cuCtxGetCurrent(&current));
  CHECK(current == gpu.context);
  Gpu::ok(gpu.api.cuCtxPushCurrent(second));
  Gpu::ok(EXPORTED(cuCtxDestroy_v2)(second));
  Gpu::ok(gpu.api.cuCtxGetCurrent(&current));
  CHECK(current == gpu.context);
  CHECK_RESULT(gpu.api.cuCtxPushCurrent(second), CUDA_ERROR_INVALID_CONTEXT);
  CHECK_RESULT(EXPORTED(cuCtxDestroy_v2)(gpu.context), CUDA_ERROR_INVALID_CONTEXT);
}

TEST_CASE("contexts: what one owns goes with it") {
  Gpu gpu;
  DeviceAddress address = gpu.allocate(64);
  Stream stream = gpu.stream();
  Gpu::ok(gpu.api.cuDevicePrimaryCtxRelease(0));
  CHECK_RESULT(gpu.api.cuMemFree(address), CUDA_ERROR_CONTEXT_IS_DESTROYED);
  CHECK_RESULT(gpu.api.cuStreamSynchronize(stream), CUDA_ERROR_INVALID_HANDLE);
  CHECK(state().leaks.size() == 2);
  CHECK_RESULT(gpu.api.cuDevicePrimaryCtxRelease(0), CUDA_ERROR_INVALID_CONTEXT);
  Context again = nullptr;
  Gpu::ok(gpu.api.cuDevicePrimaryCtxRetain(&again, 0));
  CHECK(again != gpu.context);
}

TEST_CASE("devices: there are as many as told, each with its architecture's limits") {
  Gpu gpu(Setup{.architecture = "sm_90a", .devices = 2});
  int count = 0, value = 0;
  Gpu::ok(gpu.api.cuDeviceGetCount(&count));
  CHECK(count == 2);
  Device device = -1;
  Gpu::ok(gpu.api.cuDeviceGet(&device, 1));
  CHECK_RESULT(gpu.api.cuDeviceGet(&device, 2), CUDA_ERROR_INVALID_DEVICE);
  char name[64];
  Gpu::ok(gpu.api.cuDeviceGetName(name, sizeof name, 1));
  CHECK(std::string(name) == "Skip emulator (sm_90a)");
  Gpu::ok(gpu.api.cuDeviceGetName(name, 5, 1));
  CHECK(std::string(name) == "Skip");
  struct Expected {
    DeviceAttribute attribute;
    int value;
  };
  for (Expected e : {Expected{DeviceAttribute::computeCapabilityMajor, 9},
                     {DeviceAttribute::computeCapabilityMinor, 0},
                     {DeviceAttribute::maxSharedMemoryPerBlockOptin, 227 * 1024},
                     {DeviceAttribute::clusterLaunch, 1},
                     {DeviceAttribute::tensorMapAccessSupported, 1},
                     {DeviceAttribute::warpSize, 32}}) {
    Gpu::ok(gpu.api.cuDeviceGetAttribute(&value, e.attribute, 1));
    CHECK(value == e.value);
  }
  CHECK_RESULT(gpu.api.cuDeviceGetAttribute(&value, static_cast<DeviceAttribute>(148), 0), CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(gpu.api.cuDeviceGetAttribute(&value, DeviceAttribute::warpSize, 2), CUDA_ERROR_INVALID_DEVICE);
  Uuid first{}, second{};
  Gpu::ok(gpu.api.cuDeviceGetUuid(&first, 0));
  Gpu::ok(gpu.api.cuDeviceGetUuid(&second, 1));
  CHECK(std::memcmp(&first, &second, sizeof first) != 0);
}

TEST_CASE("devices: memory of one is none of another") {
  Gpu gpu(Setup{.devices = 2});
  DeviceAddress address = gpu.allocate(16);
  Context other = nullptr;
  Gpu::ok(gpu.api.cuDevicePrimaryCtxRetain(&other, 1));
  Gpu::ok(gpu.api.cuCtxPushCurrent(other));
  Device device = -1;
  Gpu::ok(gpu.api.cuCtxGetDevice(&device));
  CHECK(device == 1);
  CHECK_RESULT(gpu.api.cuMemsetD8(address, 0, 16), CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(gpu.api.cuMemFree(address), CUDA_ERROR_INVALID_VALUE);
}

TEST_CASE("devices: without any cuInit says so") {
  restart(knobsOf(Setup{.devices = 0}));
  CHECK_RESULT(EXPORTED(cuInit)(0), CUDA_ERROR_NO_DEVICE);
  CHECK_RESULT(EXPORTED(cuInit)(1), CUDA_ERROR_INVALID_VALUE);
}
