// How a step is shared out.
//
// The caller cuts [0, units) into chunks, gives every thread a contiguous share of them, and raises `epoch`. A thread takes a
// quarter of what is left of its own share at a time, then of the others' shares, until all are empty: a thread whose core is
// disturbed by another process keeps at most the chunks in its hands. Each taken range is subtracted from `pending` when
// done, and the caller returns at zero.
//
// Why no thread has to check in: a chunk can only be taken by a successful compare-and-swap on a share, a step cannot end while
// a taken chunk is not done, and the step's fields are written before its shares. So fields read after the swap belong
// to the chunk's step, however late the thread is, and a thread that sleeps through a step does no harm.
//
// Waiting: pause for 50 us (steps follow each other within that), then yield, so that more threads than cores still advance,
// then sleep: 50 us after the last step outside a run, 2 ms inside one.
#include "runtime/ThreadPool.h"

#include "runtime/CpuCount.h"
#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/Stack.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

using namespace skip::runtime;

static constexpr int64_t spinNanoseconds = 50'000;
static constexpr int64_t runWaitNanoseconds = 2'000'000;
static constexpr int64_t maxChunks = int64_t{1} << 30;
static constexpr int32_t maxThreads = 1024;

static void futexWait(std::atomic<uint32_t> &word, uint32_t value) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}

static void futexWake(std::atomic<uint32_t> &word, int32_t count) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

static int64_t nanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

/// Waits politely for `done`; false when it did not come within `limit()` nanoseconds.
template <typename Done, typename Limit> static bool spinUntil(Done done, Limit limit) {
  int64_t start = 0;
  for (;;) {
    for (int i = 0; i < 64; ++i) {
      if (done())
        return true;
      _mm_pause();
    }
    int64_t now = nanoseconds();
    start = start == 0 ? now : start;
    if (now - start > limit())
      return false;
    if (now - start > spinNanoseconds)
      sched_yield();
  }
}

/// Takes chunks from `share` and does them; false when it is empty.
bool skip_pool::workOnce(Share &share) {
  uint64_t range = share.range.load(std::memory_order_relaxed);
  uint32_t begin, taken;
  do {
    begin = static_cast<uint32_t>(range);
    uint32_t left = static_cast<uint32_t>(range >> 32) - begin;
    if (left == 0)
      return false;
    taken = (left + 3) / 4;
  } while (!share.range.compare_exchange_weak(range, range + taken, std::memory_order_acq_rel, std::memory_order_relaxed));
  int64_t first = begin * grain, last = (int64_t{begin} + taken) * grain;
  task(argument, first, last < units ? last : units);
  if (pending.fetch_sub(taken, std::memory_order_seq_cst) == taken && callerSleeps.load(std::memory_order_seq_cst))
    futexWake(pending, 1);
  return true;
}

void skip_pool::workAll(int32_t self) {
  int32_t count = participants.load(std::memory_order_relaxed);
  for (int32_t i = 0; i < count; ++i) {
    Share &share = shares[(self + i) % count];
    while (workOnce(share)) {
    }
  }
}

void skip_pool::publish(int64_t count, skip_task newTask, void *newArgument) {
  task = newTask;
  argument = newArgument;
  units = count;
  grain = (count + maxChunks - 1) / maxChunks;
  int64_t chunks = (count + grain - 1) / grain;
  int32_t sharing = chunks < threadCount ? static_cast<int32_t>(chunks) : threadCount;
  participants.store(sharing, std::memory_order_relaxed);
  pending.store(static_cast<uint32_t>(chunks), std::memory_order_relaxed);
  for (int32_t i = 0; i < sharing; ++i) {
    uint64_t begin = static_cast<uint64_t>(chunks * i / sharing), end = static_cast<uint64_t>(chunks * (i + 1) / sharing);
    shares[i].range.store(end << 32 | begin, std::memory_order_release);
  }
  wake(sharing - 1);
}

/// Raises the epoch and wakes as many sleeping threads as `wanted` lacks.
void skip_pool::wake(int32_t wanted) {
  epoch.fetch_add(1, std::memory_order_seq_cst);
  int32_t asleep = sleepers.load(std::memory_order_seq_cst);
  int32_t lacking = wanted - (started - asleep);
  if (asleep > 0 && lacking > 0)
    futexWake(epoch, lacking);
}

void skip_pool::forEach(int64_t count, skip_task newTask, void *newArgument) {
  if (count <= 1 || threadCount == 1) {
    if (count > 0)
      newTask(newArgument, 0, count);
    return;
  }
  publish(count, newTask, newArgument);
  workAll(0);
  awaitDone();
}

void skip_pool::awaitDone() {
  auto done = [this] { return pending.load(std::memory_order_acquire) == 0; };
  if (spinUntil(done, [] { return runWaitNanoseconds; }))
    return;
  callerSleeps.store(true, std::memory_order_seq_cst);
  for (uint32_t left; (left = pending.load(std::memory_order_seq_cst)) != 0;)
    futexWait(pending, left);
  callerSleeps.store(false, std::memory_order_relaxed);
}

/// Returns when `epoch` is no longer `seen`.
void skip_pool::awaitStep(uint32_t seen) {
  auto changed = [this, seen] { return epoch.load(std::memory_order_acquire) != seen; };
  auto limit = [this] { return busy.load(std::memory_order_relaxed) ? runWaitNanoseconds : spinNanoseconds; };
  while (!spinUntil(changed, limit)) {
    // A caller that raises the epoch after this reads `sleepers` as raised and wakes; before this, the futex declines to sleep.
    sleepers.fetch_add(1, std::memory_order_seq_cst);
    futexWait(epoch, seen);
    sleepers.fetch_sub(1, std::memory_order_seq_cst);
  }
}

void *skip_pool::workerMain(void *argument) {
  Worker &worker = *static_cast<Worker *>(argument);
  skip_pool &pool = *worker.pool;
  FlushDenormals flush;
  uint32_t seen = 0;
  for (;;) {
    pool.awaitStep(seen);
    seen = pool.epoch.load(std::memory_order_acquire);
    if (pool.stopping.load(std::memory_order_acquire))
      return nullptr;
    pool.workAll(worker.index);
  }
}

/// Adds to a thread's default stack, from which glibc takes thread-local variables, what tasks take. The default alone is too
/// little in musl, where it is 128 KB.
static int addStack(pthread_attr_t &attributes, size_t bytes) {
  constexpr size_t page = 4096;
  size_t before = 0;
  int error = pthread_attr_getstacksize(&attributes, &before);
  return error ? error : pthread_attr_setstacksize(&attributes, (before + bytes + page - 1) / page * page);
}

/// Signals are the application's business and stay with its own threads.
skip_status skip_pool::startWorkers(const pthread_attr_t &attributes) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = 0;
  for (int32_t i = 1; i < threadCount && error == 0; ++i) {
    workers[i] = {this, i, {}};
    error = pthread_create(&workers[i].thread, &attributes, workerMain, &workers[i]);
    started += error == 0;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return error == 0 ? SKIP_OK : fail(SKIP_SYSTEM_ERROR, "cannot start thread %d of %d: %m", started + 1, threadCount);
}

skip_status skip_pool::start(int32_t threads, size_t taskStackBytes) {
  threadCount = threads;
  shares = static_cast<Share *>(allocateAligned(sizeof(Share) * static_cast<size_t>(threads)));
  workers = static_cast<Worker *>(allocateAligned(sizeof(Worker) * static_cast<size_t>(threads)));
  if (!shares || !workers)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for a pool of %d threads", threads);
  for (int32_t i = 0; i < threads; ++i)
    new (&shares[i]) Share();
  pthread_attr_t attributes;
  errno = pthread_attr_init(&attributes);
  if (errno != 0)
    return fail(SKIP_SYSTEM_ERROR, "cannot start threads: %m");
  errno = addStack(attributes, taskStackBytes);
  skip_status status = errno == 0
                           ? startWorkers(attributes)
                           : fail(SKIP_SYSTEM_ERROR, "cannot have threads with %zu more bytes of stack: %m", taskStackBytes);
  pthread_attr_destroy(&attributes);
  return status;
}

skip_pool::~skip_pool() {
  stopping.store(true, std::memory_order_release);
  epoch.fetch_add(1, std::memory_order_seq_cst);
  futexWake(epoch, maxThreads);
  for (int32_t i = 1; i <= started; ++i)
    pthread_join(workers[i].thread, nullptr);
  free(workers);
  free(shares);
}

extern "C" {

skip_status skipmodel_pool_create(int32_t threads, skip_pool **pool) {
  if (!pool)
    return fail(SKIP_INVALID_ARGUMENT, "pool_create: `pool` is null");
  *pool = nullptr;
  if (threads < 0 || threads > maxThreads)
    return fail(SKIP_INVALID_ARGUMENT, "pool_create: %d threads; 1 to %d, or 0 for as many as this process may use", threads,
                maxThreads);
  skip_pool *created = create<skip_pool>();
  if (!created)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for a pool");
  int32_t usable = threads == 0 ? usableCpus() : threads;
  skip_status status = created->start(usable < maxThreads ? usable : maxThreads, stackBytesOfRun(skipModelImage));
  if (status != SKIP_OK) {
    destroy(created);
    return status;
  }
  *pool = created;
  return SKIP_OK;
}

int32_t skipmodel_pool_threads(const skip_pool *pool) { return pool ? pool->threads() : 0; }

void skipmodel_pool_destroy(skip_pool *pool) { destroy(pool); }

} // extern "C"
