// Finds out how much stack a thread has left.
//
// pthread_getattr_np would say it, but allocates in glibc, and reads /proc/self/maps for the main thread; and it knows nothing
// of stacks that a program switches to by itself. So the kernel is asked, page by page, whether there is memory that can be
// read: rt_sigprocmask reads a signal set from an address before it looks at what is to be done with it, and there is no such
// action as -1. The answer is EFAULT for a page of the guard, or of nothing, and EINVAL for any other; the main thread's stack
// grows by the question, up to its limit. 512 KB take 60 us when they were never touched, 10 us later, and are asked for only
// when another thread than before runs a context.
#include "runtime/Stack.h"

#include <atomic>

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace skip::runtime {

static constexpr uintptr_t pageBytes = 4096;

static bool isReadable(uintptr_t address) {
  constexpr size_t bytesOfSignalSet = 8;
  return syscall(SYS_rt_sigprocmask, -1, address, nullptr, bytesOfSignalSet) == 0 || errno != EFAULT;
}

/// From the top down, as a stack grows.
static bool isReadable(uintptr_t low, uintptr_t high) {
  int before = errno;
  bool readable = true;
  for (uintptr_t page = high & -pageBytes; readable && page + pageBytes > low; page -= pageBytes)
    readable = isReadable(page);
  errno = before;
  return readable;
}

/// pthread_self() is another thread's when one has ended, and with it the place of the stack, whose size may be smaller.
static uint64_t threadNumber() {
  static std::atomic<uint64_t> last{0};
  thread_local uint64_t number = 0;
  if (number == 0)
    number = last.fetch_add(1, std::memory_order_relaxed) + 1;
  return number;
}

bool hasStack(KnownStack &known, size_t bytes) {
  const char *high = static_cast<const char *>(__builtin_frame_address(0)), *low = high - bytes;
  uint64_t thread = threadNumber();
  bool sameStack = known.thread == thread && low <= known.high && high >= known.low;
  if (sameStack && low >= known.low && high <= known.high)
    return true;
  if (!isReadable(reinterpret_cast<uintptr_t>(low), reinterpret_cast<uintptr_t>(high)))
    return false;
  if (sameStack) // called from other depths than before
    known = {thread, low < known.low ? low : known.low, high > known.high ? high : known.high};
  else
    known = {thread, low, high};
  return true;
}

} // namespace skip::runtime
