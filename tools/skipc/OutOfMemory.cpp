// Most of what runs here is LLVM and MLIR, compiled without exceptions, and on several threads: a std::bad_alloc that is thrown
// in it unwinds through code that was not made for it, or ends in std::terminate. So the process ends where memory is missed.
// There are three ways to get there:
//
//   operator new             the handler that the standard lets one set, also for `nothrow`
//   LLVM's safe_malloc       LLVM's own handlers
//   malloc, unchecked        MLIR writes to what Operation::create got, a null pointer; and a stack that cannot grow is a
//                            SIGSEGV as well
//
// For the third, a SIGSEGV asks the system for a little memory: if there is none, that was the reason. Else the signal is what
// it always is. Nothing here may allocate.
#include "tools/skipc/OutOfMemory.h"

#include "support/Temporaries.h"
#include "tools/text/Json.h"
#include "tools/compile/StageTimer.h"

#include "llvm/Support/ErrorHandling.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>
#include <string_view>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace skip;

static bool isJsonWanted = false; // set once, before there are threads

/// The reply of --json (tools/text/Json.h), written by hand: nothing here may allocate.
static void writeReply(const char *message, size_t length) {
  char text[2200] = "";
  auto used = static_cast<size_t>(
      std::snprintf(text, sizeof text, "{\n \"schema\": %lld,\n \"exit_code\": %d,\n \"errors\": [\n  {\n   \"message\": \"",
                    static_cast<long long>(tool::jsonSchema), static_cast<int>(tool::Exit::internal)));
  for (size_t i = 0; i < length; ++i) {
    if (message[i] == '"' || message[i] == '\\')
      text[used++] = '\\';
    text[used++] = message[i] >= ' ' && message[i] <= '~' ? message[i] : ' ';
  }
  constexpr char end[] = "\"\n  }\n ]\n}\n";
  std::memcpy(text + used, end, sizeof end);
  (void)!::write(STDOUT_FILENO, text, used + sizeof end - 1);
}

/// One line, once: other threads that come here wait for the end.
[[noreturn]] static void end(const char *format, const char *first, const char *second, const char *third) {
  static std::atomic_flag ended = ATOMIC_FLAG_INIT;
  while (ended.test_and_set())
    ::pause();
  char text[1024];
  int length = std::snprintf(text, sizeof text - 1, format, first, second, third);
  size_t used = std::min(static_cast<size_t>(std::max(length, 0)), sizeof text - 2);
  if (constexpr size_t head = std::string_view("skipc: error: ").size(); isJsonWanted && used > head)
    writeReply(text + head, used - head);
  text[used++] = '\n';
  if (::isatty(STDERR_FILENO))
    (void)!::write(STDERR_FILENO, "\r\x1b[K", 4); // over the progress bar
  (void)!::write(STDERR_FILENO, text, used);
  removeTemporaries();
  ::_exit(static_cast<int>(tool::Exit::internal));
}

[[noreturn]] static void endWithoutMemory() {
  char limit[80] = "";
  struct rlimit memory{};
  if (::getrlimit(RLIMIT_AS, &memory) == 0 && memory.rlim_cur != RLIM_INFINITY)
    std::snprintf(limit, sizeof limit, "; this process may have %llu kB (`ulimit -v`)",
                  static_cast<unsigned long long>(memory.rlim_cur / 1024));
  const char *stage = tool::StageTimer::currentStage();
  end("skipc: error: out of memory%s%s%s; take fewer threads (-j, --threads), a smaller --batch, or more memory",
      *stage ? " at stage " : "", stage, limit);
}

static void endAtFatalError(void *, const char *reason, bool) {
  end("skipc: error: internal error: LLVM: %s%s%s", reason, "", "");
}

static void endAtBadAlloc(void *, const char *, bool) { endWithoutMemory(); }

/// As much as malloc takes at a time for a thread's arena: others may have freed a little since it was missed.
static bool hasMemory() {
  constexpr size_t some = size_t(64) << 20;
  void *memory = ::mmap(nullptr, some, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return false;
  ::munmap(memory, some);
  return true;
}

static void handleFault(int signal) {
  if (!hasMemory())
    endWithoutMemory();
  std::signal(signal, SIG_DFL);
  std::raise(signal); // ends the process when this returns, also where another process sent the first
}

/// On a stack of its own, as there may be no more of the other. A sanitizer's handler stays.
static void handleFaults() {
  static char stack[1 << 16];
  stack_t own{};
  own.ss_sp = stack;
  own.ss_size = sizeof stack;
  struct sigaction before{}, action{};
  ::sigaction(SIGSEGV, nullptr, &before);
  if (before.sa_handler != SIG_DFL || ::sigaltstack(&own, nullptr) != 0)
    return;
  action.sa_handler = handleFault;
  action.sa_flags = SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGSEGV, &action, nullptr);
}

void tool::reportOutOfMemory(bool json) {
  isJsonWanted = json;
  std::set_new_handler(endWithoutMemory);
  llvm::install_bad_alloc_error_handler(endAtBadAlloc);
  llvm::install_fatal_error_handler(endAtFatalError);
  handleFaults();
}
