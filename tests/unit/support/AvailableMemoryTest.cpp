// What a system says of its memory, in files as it has them.
#include "support/AvailableMemory.h"
#include "tests/unit/TemporaryFolder.h"

#include <catch2/catch.hpp>

using skip::AvailableMemory;
using skip::availableMemory;

static constexpr uint64_t mega = 1 << 20;

namespace {
/// A machine with 1000 MiB that are to be had.
struct Machine : test::TemporaryFolder {
  Machine() { write("proc/meminfo", "MemTotal:  2048000 kB\nMemAvailable:  1024000 kB\nSwapFree:  0 kB\n"); }
  void limit(const std::string &folder, const std::string &limit, uint64_t used, uint64_t cache) {
    write(folder + "/memory.max", limit + "\n");
    write(folder + "/memory.current", std::to_string(used) + "\n");
    write(folder + "/memory.stat", "anon 1\ninactive_file " + std::to_string(cache) + "\nactive_file 0\n");
  }
  AvailableMemory memory() const { return availableMemory(path("")).value(); }
};
} // namespace

TEST_CASE("memory: of a machine without control groups, with swap") {
  Machine machine;
  CHECK(machine.memory().bytes == 1000 * mega);
  CHECK_FALSE(machine.memory().isOfCgroup);
  machine.write("proc/meminfo", "MemAvailable:  1024000 kB\nSwapFree:  102400 kB\n");
  CHECK(machine.memory().bytes == 1100 * mega);
}

TEST_CASE("memory: the least that a control group or one above it leaves, files in the cache aside") {
  Machine machine;
  machine.write("proc/self/cgroup", "0::/jobs/one\n");
  machine.limit("sys/fs/cgroup/jobs/one", "max", 400 * mega, 0);
  CHECK_FALSE(machine.memory().isOfCgroup);
  machine.limit("sys/fs/cgroup/jobs", std::to_string(500 * mega), 400 * mega, 50 * mega);
  CHECK(machine.memory().bytes == 150 * mega);
  CHECK(machine.memory().isOfCgroup);
  machine.limit("sys/fs/cgroup/jobs/one", std::to_string(300 * mega), 400 * mega, 0);
  CHECK(machine.memory().bytes == 0);
}

TEST_CASE("memory: of a container, whose folder is mounted as the root") {
  Machine machine;
  machine.write("proc/self/cgroup", "0::/outside/of/it\n");
  machine.limit("sys/fs/cgroup", std::to_string(100 * mega), 10 * mega, 0);
  CHECK(machine.memory().bytes == 90 * mega);
}

TEST_CASE("memory: of control groups of version 1") {
  Machine machine;
  machine.write("proc/self/cgroup", "5:cpu,cpuacct:/\n4:blkio,memory:/jobs\n0::/\n");
  machine.write("sys/fs/cgroup/memory/jobs/memory.limit_in_bytes", std::to_string(200 * mega));
  machine.write("sys/fs/cgroup/memory/jobs/memory.usage_in_bytes", std::to_string(150 * mega));
  machine.write("sys/fs/cgroup/memory/jobs/memory.stat", "inactive_file 7\ntotal_inactive_file " + std::to_string(30 * mega));
  CHECK(machine.memory().bytes == 80 * mega);
  machine.write("sys/fs/cgroup/memory/jobs/memory.limit_in_bytes", "9223372036854771712"); // of none
  CHECK(machine.memory().bytes == 1000 * mega);
}

TEST_CASE("memory: nothing is said where nothing is known") {
  test::TemporaryFolder empty;
  CHECK_FALSE(availableMemory(empty.path("")));
  empty.write("proc/meminfo", "MemAvailable: many kB\n");
  empty.write("proc/self/cgroup", "0\n::\n");
  CHECK_FALSE(availableMemory(empty.path("")));
}
