// The reference's only use of threads: each index is computed on one, in an order of its own.
#pragma once

#include "support/Threads.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>

namespace skip::reference {

/// Calls body(i) for each i in [0, count), on all cores.
template <typename Body> void parallelFor(int64_t count, const Body &body) {
  std::atomic<int64_t> next{0};
  auto work = [&] {
    for (int64_t i = next++; i < count; i = next++)
      body(i);
  };
  onThreads(std::min<size_t>(static_cast<size_t>(count), std::thread::hardware_concurrency()), work);
}

} // namespace skip::reference
