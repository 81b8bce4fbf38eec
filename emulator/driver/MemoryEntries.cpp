// Allocations, of the device and of pinned host memory.
#include "emulator/driver/Entries.h"
#include "emulator/driver/Memory.h"
#include "emulator/driver/Report.h"
#include "emulator/driver/Streams.h"

#include <cstdlib>

namespace skip::driver::entry {

/// For calls that are unsafe while a stream captures.
static Result enter(ContextState *&context) {
  if (Result result = currentContext(context); result != Result::success)
    return result;
  return refusedByCapture();
}

Result cuMemAlloc_v2(DeviceAddress *address, size_t bytes) {
  if (!address || bytes == 0)
    return Result::invalidValue;
  ContextState *context = nullptr;
  if (Result result = enter(context); result != Result::success)
    return result;
  uint64_t allocated = context->device.memory.allocate(bytes);
  if (allocated == 0)
    return Result::outOfMemory;
  context->allocations.emplace(allocated, bytes);
  *address = allocated;
  return Result::success;
}

Result cuMemFree_v2(DeviceAddress address) {
  ContextState *context = nullptr;
  if (Result result = enter(context); result != Result::success)
    return result;
  if (address == 0)
    return Result::success;
  emulator::DeviceMemory &memory = context->device.memory;
  if (!context->allocations.count(address)) {
    auto range = memory.find(address);
    return refuse(Result::invalidValue,
                  hex(address) + (range ? " lies within an allocation, or is of another context: it is not freed"
                                  : memory.wasFreed(address) ? " was freed already"
                                                             : " is no memory of the device"));
  }
  context->queue.completeAll(); // it waits for the device
  memory.release(address);
  context->allocations.erase(address);
  return context->error;
}

Result cuMemHostAlloc(void **pointer, size_t bytes, unsigned flags) {
  if (!pointer || bytes == 0 || (flags & ~(kHostAllocPortable | kHostAllocDeviceMap | kHostAllocWriteCombined)))
    return Result::invalidValue;
  ContextState *context = nullptr;
  if (Result result = enter(context); result != Result::success)
    return result;
  constexpr size_t kPage = 4096;
  if (bytes > SIZE_MAX - kPage)
    return Result::outOfMemory;
  void *memory = std::aligned_alloc(kPage, (bytes + kPage - 1) / kPage * kPage);
  if (!memory)
    return Result::outOfMemory;
  context->hostAllocations.emplace(reinterpret_cast<uint64_t>(memory), bytes);
  *pointer = memory;
  return Result::success;
}

Result cuMemFreeHost(void *pointer) {
  ContextState *context = nullptr;
  if (Result result = enter(context); result != Result::success)
    return result;
  if (!pointer)
    return Result::success;
  for (auto &[key, owner] : state().contexts)
    if (owner->hostAllocations.count(reinterpret_cast<uint64_t>(pointer))) {
      owner->queue.completeAll();
      owner->hostAllocations.erase(reinterpret_cast<uint64_t>(pointer));
      std::free(pointer);
      return owner->error;
    }
  return refuse(Result::invalidValue, hex(reinterpret_cast<uint64_t>(pointer)) + " is no pinned memory, or was freed already");
}

Result cuMemGetInfo_v2(size_t *free, size_t *total) {
  if (!free || !total)
    return Result::invalidValue;
  ContextState *context = nullptr;
  if (Result result = currentContext(context); result != Result::success)
    return result;
  *total = state().knobs.memoryBytes;
  *free = *total - context->device.memory.usedBytes();
  return Result::success;
}

namespace {
/// What is known of an address: the context and the allocation.
struct Found {
  ContextState *context = nullptr;
  uint64_t start = 0;
  size_t bytes = 0;
  bool host = false;
};
} // namespace

static bool findIn(const std::map<uint64_t, size_t> &ranges, uint64_t address, Found &found) {
  auto after = ranges.upper_bound(address);
  if (after == ranges.begin() || address >= std::prev(after)->first + std::prev(after)->second)
    return false;
  found.start = std::prev(after)->first;
  found.bytes = std::prev(after)->second;
  return true;
}

static bool findAddress(uint64_t address, Found &found) {
  for (auto &[key, context] : state().contexts)
    for (bool host : {false, true})
      if (findIn(host ? context->hostAllocations : context->allocations, address, found)) {
        found.context = context.get();
        found.host = host;
        return true;
      }
  return false;
}

Result cuPointerGetAttribute(void *data, PointerAttribute attribute, DeviceAddress address) {
  if (!data)
    return Result::invalidValue;
  if (contextStack().empty())
    return Result::invalidContext;
  Found found;
  if (!findAddress(address, found))
    return Result::invalidValue;
  switch (attribute) {
  case PointerAttribute::context:
    *static_cast<Context *>(data) = found.context->handle;
    return Result::success;
  case PointerAttribute::memoryType:
    *static_cast<MemoryType *>(data) = found.host ? MemoryType::host : MemoryType::device;
    return Result::success;
  case PointerAttribute::devicePointer:
    if (found.host)
      return refuse(Result::invalidValue, "kernels cannot reach pinned memory here");
    *static_cast<DeviceAddress *>(data) = address;
    return Result::success;
  case PointerAttribute::hostPointer:
    if (!found.host)
      return Result::invalidValue;
    *static_cast<uint64_t *>(data) = address;
    return Result::success;
  case PointerAttribute::bufferId:
    *static_cast<uint64_t *>(data) = found.start;
    return Result::success;
  case PointerAttribute::isManaged:
    *static_cast<unsigned *>(data) = 0;
    return Result::success;
  case PointerAttribute::deviceOrdinal:
    *static_cast<int *>(data) = found.context->device.ordinal;
    return Result::success;
  case PointerAttribute::rangeStartAddress:
    *static_cast<DeviceAddress *>(data) = found.start;
    return Result::success;
  case PointerAttribute::rangeSize:
    *static_cast<size_t *>(data) = found.bytes;
    return Result::success;
  case PointerAttribute::mapped:
    *static_cast<unsigned *>(data) = 1;
    return Result::success;
  }
  return Result::invalidValue;
}

} // namespace skip::driver::entry
