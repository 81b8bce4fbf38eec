// The default thread pool: hands a step's work units to threads by atomics, sleeps on a futex when idle.
#pragma once

#include "runtime/Objects.h"
#include "runtime/Runtime.h"

#include <pthread.h>
#include <xmmintrin.h>

namespace skip::runtime {

class PoolRun;

/// Treats denormals as zero in its scope: arithmetic on them is a hundred times slower.
class FlushDenormals {
public:
  FlushDenormals() : before(_mm_getcsr()) { _mm_setcsr(before | 0x8040); } // FTZ | DAZ
  ~FlushDenormals() { _mm_setcsr(before); }

private:
  unsigned before;
};

/// A thread's share of the current step: chunks [begin, end), packed as end << 32 | begin so that one CAS takes from it.
struct alignas(64) Share {
  std::atomic<uint64_t> range{0};
};

} // namespace skip::runtime

struct skip_pool {
  /// Starts the threads, whose tasks take up to `taskStackBytes` of stack; SKIP_OUT_OF_MEMORY or SKIP_SYSTEM_ERROR with the
  /// text set.
  skip_status start(int32_t threads, size_t taskStackBytes);
  ~skip_pool();

  /// Calls task(argument, begin, end) for disjoint ranges that cover [0, count) and returns when all have returned. The caller
  /// is inside a PoolRun; it works as thread 0.
  void forEach(int64_t count, skip_task task, void *argument);
  int32_t threads() const { return threadCount; }

  const SkipModelImage *const owner = &skipModelImage; // of the library that made it

private:
  friend class skip::runtime::PoolRun;
  struct Worker {
    skip_pool *pool;
    int32_t index;
    pthread_t thread;
  };
  static void *workerMain(void *worker);
  skip_status startWorkers(const pthread_attr_t &attributes);

  void publish(int64_t count, skip_task task, void *argument);
  void workAll(int32_t self);
  bool workOnce(skip::runtime::Share &share);
  void awaitStep(uint32_t seen);
  void awaitDone();
  void wake(int32_t wanted);

  // The current step. Written by the caller while no chunk is out; read by a thread only after it took a chunk.
  skip_task task = nullptr;
  void *argument = nullptr;
  int64_t units = 0;
  int64_t grain = 1; // units a chunk

  alignas(64) std::atomic<uint32_t> epoch{0}; // futex; grows by one with each step
  std::atomic<int32_t> participants{1};       // shares in use
  std::atomic<bool> stopping{false};
  std::atomic<bool> busy{false};
  alignas(64) std::atomic<uint32_t> pending{0}; // futex; chunks that are not done yet
  std::atomic<bool> callerSleeps{false};
  alignas(64) std::atomic<int32_t> sleepers{0};

  int32_t threadCount = 1;
  int32_t started = 0;
  Worker *workers = nullptr;
  skip::runtime::Share *shares = nullptr;
};

namespace skip::runtime {

/// Claims a pool for one run; while it is held, idle threads stay awake between steps.
class PoolRun {
public:
  explicit PoolRun(skip_pool &pool) : guard(pool.busy) {}
  bool taken() const { return guard.taken; }

private:
  BusyGuard guard;
};

} // namespace skip::runtime
