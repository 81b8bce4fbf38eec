#include "emulator/driver/Memory.h"

#include "emulator/driver/Report.h"
#include "emulator/driver/Streams.h"

namespace skip::driver {

static std::string rangeText(uint64_t address, size_t bytes) { return std::to_string(bytes) + " bytes at " + hex(address); }

Result checkDeviceRange(ContextState &context, uint64_t address, size_t bytes) {
  emulator::DeviceMemory &memory = context.device.memory;
  if (bytes == 0 || memory.contains(address, bytes))
    return Result::success;
  if (auto range = memory.find(address))
    return refuse(Result::invalidValue, rangeText(address, bytes) + " run beyond the end of an allocation of " +
                                            std::to_string(range->bytes) + " bytes at " + hex(range->address));
  if (memory.wasFreed(address))
    return refuse(Result::invalidValue, rangeText(address, bytes) + " were freed");
  return refuse(Result::invalidValue, rangeText(address, bytes) + " are no memory of the device");
}

/// The pinned allocation that holds the byte.
static const std::pair<const uint64_t, size_t> *findPinned(uint64_t address) {
  for (auto &[key, context] : state().contexts) {
    auto after = context->hostAllocations.upper_bound(address);
    if (after == context->hostAllocations.begin())
      continue;
    auto &range = *std::prev(after);
    if (address < range.first + range.second)
      return &range;
  }
  return nullptr;
}

bool isPinned(const void *memory) { return findPinned(reinterpret_cast<uint64_t>(memory)) != nullptr; }

Result checkHostRange(const void *memory, size_t bytes) {
  uint64_t address = reinterpret_cast<uint64_t>(memory);
  if (bytes == 0)
    return Result::success;
  if (!memory)
    return refuse(Result::invalidValue, std::to_string(bytes) + " bytes of host memory at address 0");
  for (auto &device : state().devices)
    if (device->memory.find(address))
      return refuse(Result::invalidValue, rangeText(address, bytes) + " are memory of a device, not of the host");
  if (auto *pinned = findPinned(address); pinned && address + bytes > pinned->first + pinned->second)
    return refuse(Result::invalidValue, rangeText(address, bytes) + " run beyond the end of a pinned allocation of " +
                                            std::to_string(pinned->second) + " bytes at " + hex(pinned->first));
  return Result::success;
}

} // namespace skip::driver
