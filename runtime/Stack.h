// What kernels need of a thread's stack, and whether a thread has it.
#pragma once

#include "runtime/Abi.h"

#include <stddef.h>

namespace skip::runtime {

/// Bytes of stack below a call of `run` beside the kernel's: the runtime's frames, those of memset and memcpy, and a signal's,
/// which saves all vector registers (3 KB with AVX-512, 11 KB with AMX).
inline constexpr size_t runStackBytes = 16 * 1024;

/// Bytes of a thread's stack that are gone before `run` is called: the guard page and thread-local variables, which glibc takes
/// from there (8 KB of them are our error text), the thread's start and its own frames.
inline constexpr size_t callerStackBytes = 32 * 1024;

/// For a driver, of which nobody says how much it takes.
inline constexpr size_t driverStackBytes = 256 * 1024;

/// What must be left when `run` is called, whatever the target.
inline size_t stackBytesOfRun(const SkipModelImage &image) {
  uint64_t most = 0;
  for (uint32_t i = 0; i < image.targetCount; ++i) {
    const SkipTargetImage &target = image.targets[i];
    uint64_t bytes = target.target == SKIP_TARGET_CUDA ? driverStackBytes : target.kernelStackBytes;
    most = bytes > most ? bytes : most;
  }
  return most + runStackBytes;
}

/// The part of a thread's stack that is known to be there.
struct KnownStack {
  uint64_t thread = 0; // a number that no other thread ever has; 0: of no thread
  const char *low = nullptr, *high = nullptr;
};

/// Whether `bytes` of stack are left on the calling thread. Looked up in `known` if that is this thread's, else found out, and
/// kept there if so.
bool hasStack(KnownStack &known, size_t bytes);

} // namespace skip::runtime
