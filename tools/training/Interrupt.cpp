// A signal handler has nothing but process-wide state to write to; there is one training in a process.
#include "tools/training/Interrupt.h"

#include <atomic>

using skip::tool::Interrupt;

static constexpr int signals[] = {SIGINT, SIGTERM, SIGHUP};
static std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

/// SA_RESETHAND would restore the default and not the handler of before, which removes temporary files.
static struct sigaction previous[3];

static void remember(int signal) {
  if (interrupted.exchange(true))
    for (int i = 0; i < 3; ++i)
      if (signals[i] == signal && previous[i].sa_handler != SIG_IGN && previous[i].sa_handler != SIG_DFL)
        previous[i].sa_handler(signal);
}

Interrupt::Interrupt() {
  interrupted = false;
  for (int i = 0; i < 3; ++i) {
    ::sigaction(signals[i], nullptr, &before[i]);
    previous[i] = before[i];
    if (before[i].sa_handler == SIG_IGN) // as of a process under nohup
      continue;
    struct sigaction action{};
    action.sa_handler = remember;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    ::sigaction(signals[i], &action, nullptr);
  }
}

Interrupt::~Interrupt() {
  for (int i = 0; i < 3; ++i)
    ::sigaction(signals[i], &before[i], nullptr);
}

bool Interrupt::came() const { return interrupted; }
