// Work is done by as many threads as there are.
#include "support/Threads.h"

#include <catch2/catch.hpp>

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace skip;

TEST_CASE("threads: each takes part, the calling one waits") {
  std::mutex mutex;
  std::set<std::thread::id> seen;
  onThreads(3, [&] {
    std::lock_guard lock(mutex);
    seen.insert(std::this_thread::get_id());
  });
  CHECK(seen.size() == 3);
  CHECK_FALSE(seen.contains(std::this_thread::get_id()));
  int calls = 0;
  for (size_t threads : {0, 1})
    onThreads(threads, [&] { ++calls; });
  CHECK(calls == 2);
}

TEST_CASE("threads: an exception of any of them is thrown when all have ended") {
  std::atomic<int> calls{0};
  auto failAtTwo = [&] {
    if (++calls == 2)
      throw std::runtime_error("no");
  };
  CHECK_THROWS_WITH(onThreads(4, failAtTwo), "no");
  CHECK(calls == 4);
}

#ifndef __SANITIZE_ADDRESS__ // which needs memory for each thread

TEST_CASE("threads: where few can be started these do the work, or the calling one") {
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) { // no Catch macros here: the parent judges by the exit code
    rlimit little{1 << 20, 1 << 20};
    setrlimit(RLIMIT_AS, &little); // less than there is already: no stacks but those that glibc has kept of earlier threads
    std::atomic<int> calls{0};
    onThreads(200, [&] { ++calls; });
    _exit(calls >= 1 && calls < 200 ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

#endif
