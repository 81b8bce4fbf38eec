#include "tools/skip-time/Gpu.h"

#include "runtime/Error.h"
#include "runtime/cuda/Driver.h"
#include "tools/skip-time/Error.h"

#include <algorithm>
#include <cmath>

using namespace skip;
using cuda::DeviceAttribute;
using timing::DeviceArray;
using timing::Error;
using timing::Gpu;

static constexpr size_t kGiB = size_t(1) << 30;
static constexpr int64_t kFlushes = 4; // times the cache

static void require(skip_status status) {
  if (status != SKIP_OK)
    throw Error(runtime::lastErrorText());
}

static int64_t attributeOf(cuda::Device device, DeviceAttribute attribute) {
  int value = 0;
  require(SKIP_DRIVER(cuDeviceGetAttribute, &value, attribute, device));
  return value;
}

void Gpu::read() {
  char name[256] = "";
  size_t bytes = 0;
  require(SKIP_DRIVER(cuDeviceGetName, name, int(sizeof name), handle));
  require(SKIP_DRIVER(cuDeviceTotalMem, &bytes, handle));
  device.name = tuning::cleanName(name);
  device.memory = static_cast<int64_t>((bytes + kGiB / 2) / kGiB);
  device.major = attributeOf(handle, DeviceAttribute::computeCapabilityMajor);
  device.minor = attributeOf(handle, DeviceAttribute::computeCapabilityMinor);
  device.multiprocessors = attributeOf(handle, DeviceAttribute::multiprocessorCount);
  device.l2 = attributeOf(handle, DeviceAttribute::l2CacheSize);
}

Gpu::Gpu(int ordinal) : number(ordinal) {
  require(cuda::loadDriver());
  int count = 0;
  require(SKIP_DRIVER(cuDeviceGetCount, &count));
  if (ordinal >= count)
    throw Error("--device " + std::to_string(ordinal) + ": the driver counts " + std::to_string(count) +
                (count == 1 ? " GPU, number 0" : " GPUs, from 0 on"));
  require(SKIP_DRIVER(cuDeviceGet, &handle, ordinal));
  read();
  cuda::Context context = nullptr;
  require(SKIP_DRIVER(cuDevicePrimaryCtxRetain, &context, handle));
  require(SKIP_DRIVER(cuCtxPushCurrent, context));
  require(SKIP_DRIVER(cuStreamCreateWithPriority, &queue, cuda::kStreamNonBlocking, 0));
  require(SKIP_DRIVER(cuEventCreate, &begin, cuda::kEventDefault));
  require(SKIP_DRIVER(cuEventCreate, &end, cuda::kEventDefault));
  flushBytes = static_cast<size_t>(std::max<int64_t>(1, kFlushes * device.l2));
  require(SKIP_DRIVER(cuMemAlloc, &flushed, flushBytes));
}

/// A device that failed answers nothing, and the process ends.
Gpu::~Gpu() {
  cuda::Context context = nullptr;
  SKIP_DRIVER(cuMemFree, flushed);
  SKIP_DRIVER(cuEventDestroy, begin);
  SKIP_DRIVER(cuEventDestroy, end);
  SKIP_DRIVER(cuStreamDestroy, queue);
  SKIP_DRIVER(cuCtxPopCurrent, &context);
  SKIP_DRIVER(cuDevicePrimaryCtxRelease, handle);
}

void Gpu::flush() { require(SKIP_DRIVER(cuMemsetD8Async, flushed, 0, flushBytes, queue)); }

void Gpu::start() { require(SKIP_DRIVER(cuEventRecord, begin, queue)); }

int64_t Gpu::stop() {
  float milliseconds = 0;
  require(SKIP_DRIVER(cuEventRecord, end, queue));
  require(SKIP_DRIVER(cuEventSynchronize, end));
  require(SKIP_DRIVER(cuEventElapsedTime, &milliseconds, begin, end));
  return std::max<int64_t>(1, std::llround(double(milliseconds) * 1e6));
}

DeviceArray::DeviceArray(size_t count) : count(count) { require(SKIP_DRIVER(cuMemAlloc, &address, count * sizeof(float))); }

bool Gpu::hasFailed() const { return SKIP_DRIVER(cuStreamSynchronize, queue) != SKIP_OK; }

/// Runs do not wait for the stream in which the driver writes memory, and it may do so after the call.
static void waitForWrites() { require(SKIP_DRIVER(cuCtxSynchronize)); }

DeviceArray::DeviceArray(const std::vector<float> &values) : DeviceArray(values.size()) {
  require(SKIP_DRIVER(cuMemcpyHtoD, address, values.data(), count * sizeof(float)));
  waitForWrites();
}

DeviceArray::~DeviceArray() { SKIP_DRIVER(cuMemFree, address); }

void DeviceArray::spoil() {
  require(SKIP_DRIVER(cuMemsetD8, address, 0xff, count * sizeof(float)));
  waitForWrites();
}

std::vector<float> DeviceArray::read() const {
  std::vector<float> values(count);
  require(SKIP_DRIVER(cuMemcpyDtoH, values.data(), address, count * sizeof(float)));
  return values;
}
