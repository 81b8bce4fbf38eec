// Threads that take steps in turn.
#include "tools/verifying/Turns.h"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

using namespace skip;

TEST_CASE("no follower is ahead of the leader, and the leader waits for all") {
  tool::Turns turns(2);
  std::atomic<int64_t> led{0}, followed[2] = {0, 0};
  std::atomic<bool> inOrder{true};
  std::vector<std::thread> followers;
  for (size_t f = 0; f < 2; ++f)
    followers.emplace_back([&, f] {
      for (int64_t step = 0; step < 100; ++step) {
        if (!turns.awaitLeader(step) || led < step + 1)
          inOrder = false;
        followed[f] = step + 1;
        turns.follow(f, step);
      }
      turns.followerEnds(f);
    });
  for (int64_t step = 0; step < 100; ++step) {
    led = step + 1;
    turns.lead(step);
    if (followed[0] < step + 1 || followed[1] < step + 1)
      inOrder = false;
  }
  turns.leaderEnds();
  for (std::thread &follower : followers)
    follower.join();
  CHECK(inOrder);
}

TEST_CASE("a leader does not wait for a follower that has ended, nor the reverse") {
  tool::Turns turns(1);
  turns.followerEnds(0);
  turns.lead(0);
  turns.leaderEnds();
  CHECK(turns.awaitLeader(0));
  CHECK_FALSE(turns.awaitLeader(1));
}
