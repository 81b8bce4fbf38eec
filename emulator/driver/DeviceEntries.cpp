// What devices there are and what they can do.
#include "emulator/driver/Entries.h"
#include "emulator/driver/State.h"

#include <cstring>

namespace skip::driver::entry {

Result cuDeviceGetCount(int *count) {
  if (!count)
    return Result::invalidValue;
  *count = static_cast<int>(state().devices.size());
  return Result::success;
}

Result cuDeviceGet(Device *device, int ordinal) {
  if (!device)
    return Result::invalidValue;
  if (!findDevice(ordinal))
    return Result::invalidDevice;
  *device = ordinal;
  return Result::success;
}

Result cuDeviceGetName(char *name, int length, Device device) {
  if (!name || length <= 0)
    return Result::invalidValue;
  DeviceState *found = findDevice(device);
  if (!found)
    return Result::invalidDevice;
  std::snprintf(name, static_cast<size_t>(length), "Skip emulator (%s)", found->architecture.name.c_str());
  return Result::success;
}

Result cuDeviceTotalMem_v2(size_t *bytes, Device device) {
  if (!bytes)
    return Result::invalidValue;
  if (!findDevice(device))
    return Result::invalidDevice;
  *bytes = state().knobs.memoryBytes;
  return Result::success;
}

Result cuDeviceGetUuid_v2(Uuid *uuid, Device device) {
  if (!uuid)
    return Result::invalidValue;
  if (!findDevice(device))
    return Result::invalidDevice;
  std::memcpy(uuid->bytes, "skip-emulator-00", sizeof uuid->bytes);
  uuid->bytes[14] = static_cast<char>('0' + device / 10);
  uuid->bytes[15] = static_cast<char>('0' + device % 10);
  return Result::success;
}

namespace {
using emulator::Architecture;
struct Attribute {
  DeviceAttribute attribute;
  uint64_t (*value)(const Architecture &);
};
} // namespace

static uint64_t fromSm90(const Architecture &a) { return a.major >= 9; }
template <uint64_t constant> static uint64_t always(const Architecture &) { return constant; }

static constexpr Attribute kAttributes[] = {
    {DeviceAttribute::maxThreadsPerBlock, always<1024>},
    {DeviceAttribute::maxBlockDimX, always<1024>},
    {DeviceAttribute::maxBlockDimY, always<1024>},
    {DeviceAttribute::maxBlockDimZ, always<64>},
    {DeviceAttribute::maxGridDimX, always<0x7fffffff>},
    {DeviceAttribute::maxGridDimY, always<65535>},
    {DeviceAttribute::maxGridDimZ, always<65535>},
    {DeviceAttribute::maxSharedMemoryPerBlock, [](const Architecture &a) -> uint64_t { return a.sharedBytesPerBlock; }},
    {DeviceAttribute::totalConstantMemory, always<65536>},
    {DeviceAttribute::warpSize, always<32>},
    {DeviceAttribute::maxRegistersPerBlock, always<65536>},
    {DeviceAttribute::clockRate, always<1410000>},
    {DeviceAttribute::multiprocessorCount, [](const Architecture &a) -> uint64_t { return a.multiprocessors; }},
    {DeviceAttribute::kernelExecTimeout, always<0>},
    {DeviceAttribute::integrated, always<0>},
    {DeviceAttribute::canMapHostMemory, always<0>}, // kernels reach device memory alone
    {DeviceAttribute::computeMode, always<0>},
    {DeviceAttribute::concurrentKernels, always<1>},
    {DeviceAttribute::eccEnabled, always<1>},
    {DeviceAttribute::pciBusId, always<0>},
    {DeviceAttribute::pciDeviceId, always<0>},
    {DeviceAttribute::memoryClockRate, always<1215000>},
    {DeviceAttribute::globalMemoryBusWidth, always<5120>},
    {DeviceAttribute::l2CacheSize, [](const Architecture &a) -> uint64_t { return a.l2Bytes; }},
    {DeviceAttribute::maxThreadsPerMultiprocessor,
     [](const Architecture &a) -> uint64_t { return a.threadsPerMultiprocessor; }},
    {DeviceAttribute::asyncEngineCount, always<2>},
    {DeviceAttribute::unifiedAddressing, always<1>},
    {DeviceAttribute::pciDomainId, always<0>},
    {DeviceAttribute::computeCapabilityMajor, [](const Architecture &a) -> uint64_t { return a.major; }},
    {DeviceAttribute::computeCapabilityMinor, [](const Architecture &a) -> uint64_t { return a.minor; }},
    {DeviceAttribute::streamPrioritiesSupported, always<1>},
    {DeviceAttribute::maxSharedMemoryPerMultiprocessor,
     [](const Architecture &a) -> uint64_t { return a.sharedBytesPerMultiprocessor; }},
    {DeviceAttribute::maxRegistersPerMultiprocessor,
     [](const Architecture &a) -> uint64_t { return a.registersPerMultiprocessor; }},
    {DeviceAttribute::managedMemory, always<0>},
    {DeviceAttribute::computePreemptionSupported, always<1>},
    {DeviceAttribute::cooperativeLaunch, always<0>},
    {DeviceAttribute::maxSharedMemoryPerBlockOptin,
     [](const Architecture &a) -> uint64_t { return a.sharedBytesPerBlockOptin; }},
    {DeviceAttribute::maxBlocksPerMultiprocessor, [](const Architecture &a) -> uint64_t { return a.blocksPerMultiprocessor; }},
    {DeviceAttribute::maxPersistingL2CacheSize, always<0>},
    {DeviceAttribute::reservedSharedMemoryPerBlock, always<1024>},
    {DeviceAttribute::memoryPoolsSupported, always<0>},
    {DeviceAttribute::clusterLaunch, fromSm90},
    {DeviceAttribute::tensorMapAccessSupported, fromSm90},
    {DeviceAttribute::unifiedFunctionPointers, always<0>},
    {DeviceAttribute::multicastSupported, always<0>},
};

/// Attributes that exist and are not in the table are told as 0, which of all of them means "no" or "unknown".
static constexpr int kAttributeCount = 148;

Result cuDeviceGetAttribute(int *value, DeviceAttribute attribute, Device device) {
  if (!value || static_cast<int>(attribute) < 1 || static_cast<int>(attribute) >= kAttributeCount)
    return Result::invalidValue;
  DeviceState *found = findDevice(device);
  if (!found)
    return Result::invalidDevice;
  *value = 0;
  for (const Attribute &known : kAttributes)
    if (known.attribute == attribute)
      *value = static_cast<int>(known.value(found->architecture));
  return Result::success;
}

} // namespace skip::driver::entry
