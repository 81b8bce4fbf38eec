// Whether the memory that a call names is there.
#pragma once

#include "emulator/driver/State.h"

namespace skip::driver {

/// Success if all bytes lie in one live allocation of the device, a module's variables included.
Result checkDeviceRange(ContextState &context, uint64_t address, size_t bytes);

/// Success unless the bytes are those of a device, or of pinned memory beyond its end.
Result checkHostRange(const void *memory, size_t bytes);

/// Whether it is memory of cuMemHostAlloc.
bool isPinned(const void *memory);

} // namespace skip::driver
