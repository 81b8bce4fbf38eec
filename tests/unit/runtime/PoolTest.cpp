// The thread pool: shares, stealing, sleeping, many threads on few cores.
#include "runtime/ThreadPool.h"
#include "tests/unit/runtime/ErrorText.h"

#include <csignal>
#include <thread>
#include <vector>

namespace {
/// Marks every unit that it is given.
struct Marks {
  explicit Marks(int64_t count) : seen(static_cast<size_t>(count)) {}
  static void mark(void *argument, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      static_cast<Marks *>(argument)->seen[static_cast<size_t>(i)] += 1;
  }
  bool eachOnce() const {
    for (uint8_t times : seen)
      if (times != 1)
        return false;
    return true;
  }
  std::vector<uint8_t> seen; // not atomic: units are disjoint, and the pool's barrier orders steps
};

struct Pool {
  explicit Pool(int32_t threads) { REQUIRE(skipmodel_pool_create(threads, &pool) == SKIP_OK); }
  ~Pool() { skipmodel_pool_destroy(pool); }
  skip_pool *operator->() const { return pool; }
  skip_pool *pool = nullptr;
};
} // namespace

TEST_CASE("pool: thread counts") {
  skip_pool *pool = nullptr;
  CHECK_FAILS(skipmodel_pool_create(-1, &pool), SKIP_INVALID_ARGUMENT, "-1 threads; 1 to 1024, or 0");
  CHECK_FAILS(skipmodel_pool_create(1025, &pool), SKIP_INVALID_ARGUMENT, "1025 threads");
  CHECK_FAILS(skipmodel_pool_create(1, nullptr), SKIP_INVALID_ARGUMENT, "`pool` is null");
  CHECK(pool == nullptr);
  CHECK(skipmodel_pool_threads(Pool(1).pool) == 1);
  CHECK(skipmodel_pool_threads(Pool(7).pool) == 7);
  int32_t usable = skipmodel_pool_threads(Pool(0).pool);
  CHECK(usable >= 1);
  CHECK(usable <= static_cast<int32_t>(std::thread::hardware_concurrency()));
}

TEST_CASE("pool: every unit is done once, whatever the counts") {
  for (int32_t threads : {1, 2, 3, 8}) {
    Pool pool(threads);
    skip::runtime::PoolRun run(*pool.pool);
    for (int64_t count : {0, 1, 2, 3, 4, 5, 7, 8, 9, 63, 64, 1000, 100'003}) {
      Marks marks(count);
      pool->forEach(count, Marks::mark, &marks);
      CAPTURE(threads, count);
      CHECK(marks.eachOnce());
    }
  }
}

TEST_CASE("pool: more units than chunks") {
  Pool pool(3);
  skip::runtime::PoolRun run(*pool.pool);
  int64_t count = (int64_t{1} << 33) + 5;
  struct Sum {
    std::atomic<int64_t> units{0};
    std::atomic<int64_t> last{0};
  } sum;
  skip_task add = [](void *argument, int64_t begin, int64_t end) {
    Sum &sum = *static_cast<Sum *>(argument);
    sum.units += end - begin;
    for (int64_t seen = sum.last; seen < end && !sum.last.compare_exchange_weak(seen, end);) {
    }
  };
  pool->forEach(count, add, &sum);
  CHECK(sum.units == count);
  CHECK(sum.last == count);
}

TEST_CASE("pool: many tiny steps, each seeing what the one before wrote") {
  for (int32_t threads : {2, 4, 8}) {
    Pool pool(threads);
    skip::runtime::PoolRun run(*pool.pool);
    struct Step {
      std::vector<int64_t> from, to;
    } step{std::vector<int64_t>(13), std::vector<int64_t>(13)};
    skip_task shift = [](void *argument, int64_t begin, int64_t end) {
      Step &step = *static_cast<Step *>(argument);
      for (int64_t i = begin; i < end; ++i)
        step.to[i] = step.from[(i + 1) % 13] + 1;
    };
    for (int i = 0; i < 20'000; ++i) {
      pool->forEach(13, shift, &step);
      std::swap(step.from, step.to);
    }
    CHECK(step.from == std::vector<int64_t>(13, 20'000));
  }
}

TEST_CASE("pool: threads that fell asleep wake up") {
  Pool pool(4);
  for (int i = 0; i < 30; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(i % 3));
    skip::runtime::PoolRun run(*pool.pool);
    Marks marks(100);
    pool->forEach(100, Marks::mark, &marks);
    CHECK(marks.eachOnce());
  }
}

TEST_CASE("pool: threads take part") {
  Pool pool(2);
  skip::runtime::PoolRun run(*pool.pool);
  static std::atomic<int> inside;
  inside = 0;
  // Each of the two units waits for the other, which only another thread can do.
  skip_task meet = [](void *, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      ++inside;
      while (inside < 2)
        std::this_thread::yield();
    }
  };
  pool->forEach(2, meet, nullptr);
  CHECK(inside == 2);
}

TEST_CASE("pool: a caller that waits long sleeps and is woken") {
  Pool pool(2);
  skip::runtime::PoolRun run(*pool.pool);
  static std::thread::id caller;
  caller = std::this_thread::get_id();
  static std::atomic<bool> othersTurn;
  for (int i = 0; i < 5; ++i) {
    othersTurn = false;
    skip_task dawdle = [](void *, int64_t, int64_t) {
      if (std::this_thread::get_id() != caller) {
        othersTurn = true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10)); // beyond the 2 ms that the caller spins
      } else {
        while (!othersTurn)
          std::this_thread::yield();
      }
    };
    pool->forEach(2, dawdle, nullptr);
    CHECK(othersTurn);
  }
}

TEST_CASE("pool: destruction at any moment ends all threads") {
  for (int i = 0; i < 200; ++i) {
    Pool pool(1 + i % 8);
    if (i % 3 == 0)
      continue; // before the threads have looked around
    {
      skip::runtime::PoolRun run(*pool.pool);
      Marks marks(i);
      pool->forEach(i, Marks::mark, &marks);
      CHECK(marks.eachOnce());
    }
    if (i % 16 == 1)
      std::this_thread::sleep_for(std::chrono::milliseconds(1)); // asleep
  }
}

TEST_CASE("pool: one run at a time") {
  Pool pool(2);
  skip::runtime::PoolRun first(*pool.pool);
  CHECK(first.taken());
  CHECK_FALSE(skip::runtime::PoolRun(*pool.pool).taken());
}

TEST_CASE("pool: threads flush denormals and take no signals") {
  Pool pool(2);
  skip::runtime::PoolRun run(*pool.pool);
  static std::atomic<int> right, arrived;
  right = arrived = 0;
  static std::thread::id caller;
  caller = std::this_thread::get_id();
  skip_task look = [](void *, int64_t, int64_t) {
    if (std::this_thread::get_id() != caller) {
      sigset_t blocked;
      pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
      right += (_mm_getcsr() & 0x8040) == 0x8040 && sigismember(&blocked, SIGTERM);
    }
    for (++arrived; arrived < 2;)
      std::this_thread::yield();
  };
  pool->forEach(2, look, nullptr);
  CHECK(right == 1);
}
