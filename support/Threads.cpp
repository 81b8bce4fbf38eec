// A thread that cannot be started is no error where the others do its work. Threads are joined whatever is thrown: a
// std::thread that goes unjoined ends the process.
//
// The caller's thread waits where it can. What compiling leaves behind in its heap would be where a library's weights and
// workspace come to lie, in small pages that were used before: ResNet-50 was seen to run up to 8 % slower in `skipc bench`.
#include "support/Threads.h"

#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace skip {

namespace {
class FirstException {
public:
  void guard(const std::function<void()> &work) {
    try {
      work();
    } catch (...) {
      std::lock_guard lock(mutex);
      if (!first)
        first = std::current_exception();
    }
  }
  void rethrow() const {
    if (first)
      std::rethrow_exception(first);
  }

private:
  std::mutex mutex;
  std::exception_ptr first;
};
} // namespace

void onThreads(size_t threads, const std::function<void()> &work) {
  FirstException exception;
  {
    std::vector<std::jthread> helpers;
    try {
      for (size_t i = 0; i < threads; ++i)
        helpers.emplace_back([&] { exception.guard(work); });
    } catch (const std::system_error &) {
      // Those that were started do it.
    }
    if (helpers.empty())
      exception.guard(work);
  }
  exception.rethrow();
}

} // namespace skip
