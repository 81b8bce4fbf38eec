// Finds out how much stack a thread has left.
//
// pthread_getattr_np would say it, but allocates in glibc, and reads /proc/self/maps for the main thread; and it knows nothing
// of stacks that a program switches to by itself. So the kernel is asked, page by page, whether there is memory that can be
// read: rt_sigprocmask reads a signal set from an address before it looks at what is to be done with it, and there is no such
// action as -1. The answer is EFAULT for a page of the guard, or of nothing, and EINVAL for any other; the main thread's stack
// grows by the question, up to its limit. 512 KB take 60 us when they were never touched, 10 us later, and are asked for only
// when another thread than before runs a context.
//
// Under valgrind, valgrind answers in the kernel's place: by its own list of mappings, in which the main thread's stack grows
// only when the program itself touches it, so that there seemed to be no stack; and every question about what lies below the
// stack pointer is an error of the program's in memcheck's eyes. So nobody is asked there. Valgrind itself tells of a stack
// that ends.
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

/// By the sequence that valgrind takes for a request (RUNNING_ON_VALGRIND of its valgrind.h); a processor turns rdi around
/// twice, and what is in rdx stays.
static bool isUnderValgrind() {
  constexpr uint64_t runningOnValgrind = 0x1001;
  volatile uint64_t request[6] = {runningOnValgrind};
  uint64_t answer = 0;
  __asm__ volatile("rolq $3, %%rdi\n\trolq $13, %%rdi\n\trolq $61, %%rdi\n\trolq $51, %%rdi\n\txchgq %%rbx, %%rbx"
                   : "+d"(answer)
                   : "a"(&request[0])
                   : "cc", "memory");
  return answer != 0;
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
  if (!isUnderValgrind() && !isReadable(reinterpret_cast<uintptr_t>(low), reinterpret_cast<uintptr_t>(high)))
    return false;
  if (sameStack) // called from other depths than before
    known = {thread, low < known.low ? low : known.low, high > known.high ? high : known.high};
  else
    known = {thread, low, high};
  return true;
}

} // namespace skip::runtime
