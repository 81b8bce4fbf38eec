// Several trainers that share a step's groups, each in a thread of its own, beside one that has all of them.
#include "tests/unit/runtime-training/Model.h"
#include "tests/unit/runtime/ErrorText.h"

#include <catch2/catch.hpp>

#include <barrier>
#include <cstring>
#include <thread>

using namespace test;

namespace {
/// What processes would have between them.
struct Ring {
  explicit Ring(int32_t processes) : barrier(processes) {}

  struct Seat {
    Ring &ring;
    int32_t process;
  };

  static int broadcast(void *user, int32_t root, void *data, size_t bytes) {
    auto [ring, process] = *static_cast<Seat *>(user);
    if (process == root)
      ring.source = data;
    ring.barrier.arrive_and_wait();
    if (process != root)
      std::memcpy(data, ring.source, bytes);
    ring.barrier.arrive_and_wait();
    return 0;
  }

  std::barrier<> barrier;
  void *source = nullptr;
};
} // namespace

static std::vector<Group> groupsOf(int64_t count, uint32_t step) {
  std::vector<Group> groups;
  for (int64_t i = 0; i < count; ++i)
    groups.emplace_back(5, step * 100 + static_cast<uint32_t>(i));
  return groups;
}

/// The state after some steps, of one of the processes; or of one alone.
static std::string trained(int64_t groups, Ring &ring, int32_t process, int32_t processes) {
  Training training({.groups = groups});
  training.load(someValues(4));
  Ring::Seat seat{ring, process};
  if (processes > 1)
    need(skipmodel_trainer_share(training.trainer, process, processes, Ring::broadcast, &seat));
  for (uint32_t step = 0; step < 3; ++step) {
    std::vector<Group> all = groupsOf(groups, step);
    for (int64_t i = 0; i < groups / processes; ++i)
      need(all[static_cast<size_t>(skipmodel_trainer_next_group(training.trainer))].gradients(training.trainer));
    need(skipmodel_trainer_apply(training.trainer, 0.1));
  }
  return training.save();
}

/// The same in a thread, which has no use of Catch2's macros and must not let the others wait for it.
static std::string trainedBeside(int64_t groups, Ring &ring, int32_t process, int32_t processes) {
  std::string state;
  try {
    state = trained(groups, ring, process, processes);
  } catch (const std::exception &error) {
    state = error.what();
  }
  ring.barrier.arrive_and_drop();
  return state;
}

TEST_CASE("processes that share the groups have the bits of one") {
  for (auto [groups, processes] :
       {std::pair<int64_t, int32_t>(2, 2), {4, 2}, {4, 4}, {6, 2}, {6, 3}, {6, 6}, {12, 2}, {20, 5}, {8, 2}}) {
    INFO(groups << " groups, " << processes << " processes");
    Ring alone(1), ring(processes);
    std::string whole = trained(groups, alone, 0, 1);
    std::vector<std::string> states(static_cast<size_t>(processes));
    std::vector<std::thread> threads;
    for (int32_t process = 0; process < processes; ++process)
      threads.emplace_back([&, groups = groups, processes = processes, process] {
        states[static_cast<size_t>(process)] = trainedBeside(groups, ring, process, processes);
      });
    for (std::thread &thread : threads)
      thread.join();
    for (const std::string &state : states)
      CHECK(state == whole);
  }
}

TEST_CASE("each process has groups of its own, and all are somebody's") {
  Ring ring(1);
  for (int32_t process : {0, 1}) {
    Training training({.groups = 12});
    Ring::Seat seat{ring, process};
    REQUIRE(skipmodel_trainer_share(training.trainer, process, 2, Ring::broadcast, &seat) == SKIP_OK);
    CHECK(skipmodel_trainer_next_group(training.trainer) == 2 * process);
    Group group(5, 1);
    REQUIRE(group.gradients(training.trainer) == SKIP_OK);
    CHECK(skipmodel_trainer_next_group(training.trainer) == 2 * process + 1);
    CHECK_FAILS(skipmodel_trainer_apply(training.trainer, 0.1), SKIP_INVALID_ARGUMENT, "not all groups of the step are there");
    REQUIRE(skipmodel_trainer_discard(training.trainer) == SKIP_OK);
    CHECK(skipmodel_trainer_next_group(training.trainer) == 2 * process);
  }
}

TEST_CASE("an exchange that fails drops the step") {
  Training training({.groups = 2});
  training.load(someValues(1));
  std::string before = training.save();
  auto broken = [](void *, int32_t, void *, size_t) { return 1; };
  REQUIRE(skipmodel_trainer_share(training.trainer, 0, 2, broken, nullptr) == SKIP_OK);
  Group group(5, 1);
  CHECK_FAILS(group.gradients(training.trainer), SKIP_IO_ERROR, "the exchange with the other processes failed");
  CHECK_FAILS(skipmodel_trainer_apply(training.trainer, 0.1), SKIP_INVALID_ARGUMENT, "no gradients");
  CHECK(training.save() == before);
}

TEST_CASE("what cannot be shared is refused") {
  Training training({.groups = 6});
  auto broadcast = [](void *, int32_t, void *, size_t) { return 0; };
  CHECK_FAILS(skipmodel_trainer_share(nullptr, 0, 1, broadcast, nullptr), SKIP_INVALID_ARGUMENT, "`trainer` is null");
  CHECK_FAILS(skipmodel_trainer_share(training.trainer, 0, 1, nullptr, nullptr), SKIP_INVALID_ARGUMENT, "`broadcast` is null");
  CHECK_FAILS(skipmodel_trainer_share(training.trainer, 2, 2, broadcast, nullptr), SKIP_INVALID_ARGUMENT, "process 2 of 2");
  CHECK_FAILS(skipmodel_trainer_share(training.trainer, 0, 4, broadcast, nullptr), SKIP_INVALID_ARGUMENT,
              "4 processes do not divide the 6 groups of a step");
  CHECK(skipmodel_trainer_next_group(nullptr) == -1);
}
