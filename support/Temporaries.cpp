// Temporary files are entered in a list before they are created and leave it after they are renamed or removed, so that a
// signal at any moment finds each of them. The handler may only use what is async-signal-safe: the list is made of nodes
// that are never freed, reached through atomics, each with its path in place.

#include "support/Temporaries.h"

#include <atomic>
#include <climits>
#include <csignal>
#include <cstring>
#include <unistd.h>

namespace skip {

namespace {
enum class Use : int { free, claimed, live };

struct Temporary {
  std::atomic<Use> use{Use::claimed};
  Temporary *next = nullptr;
  char path[PATH_MAX];
};
} // namespace

/// The one process-wide state here: a signal handler has no other way to learn what to remove.
static std::atomic<Temporary *> temporaries{nullptr};
static_assert(std::atomic<Temporary *>::is_always_lock_free && std::atomic<Use>::is_always_lock_free);

static Temporary *claimNode() {
  for (Temporary *node = temporaries.load(); node; node = node->next) {
    Use expected = Use::free;
    if (node->use.compare_exchange_strong(expected, Use::claimed))
      return node;
  }
  auto *node = new Temporary;
  node->next = temporaries.load();
  while (!temporaries.compare_exchange_weak(node->next, node)) {
  }
  return node;
}

void *enterTemporary(const std::string &path) {
  Temporary *node = claimNode();
  std::memcpy(node->path, path.c_str(), path.size() + 1);
  node->use = Use::live;
  return node;
}

void leaveTemporary(void *registration) { static_cast<Temporary *>(registration)->use = Use::free; }

void removeTemporaries() {
  for (auto *remove : {::unlink, ::rmdir}) // Files first, or the folders are not empty.
    for (Temporary *node = temporaries.load(); node; node = node->next)
      if (node->use == Use::live)
        remove(node->path);
}

static void removeAndEnd(int signal) {
  removeTemporaries();
  ::_exit(128 + signal);
}

void removeTemporariesOnSignal() {
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction old{}, action{};
    ::sigaction(signal, nullptr, &old);
    if (old.sa_handler == SIG_IGN)
      continue;
    action.sa_handler = removeAndEnd;
    sigemptyset(&action.sa_mask);
    ::sigaction(signal, &action, nullptr);
  }
}

SignalsLater::SignalsLater() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGINT, SIGTERM, SIGHUP})
    sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, &before);
}

SignalsLater::~SignalsLater() { ::pthread_sigmask(SIG_SETMASK, &before, nullptr); }

} // namespace skip
