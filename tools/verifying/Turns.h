// Threads that take the same steps, one ahead of the others.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

namespace skip::tool {

/// A leader takes step 0, then each follower takes it, then the leader takes step 1, and so on. Whoever ends early says so, and
/// the others no longer wait for it.
class Turns {
public:
  explicit Turns(size_t followers) : followed(followers, 0) {}

  /// The leader has taken `step`: returns when all followers have.
  void lead(int64_t step) {
    std::unique_lock lock(mutex);
    led = step + 1;
    changed.notify_all();
    changed.wait(lock,
                 [&] { return std::all_of(followed.begin(), followed.end(), [&](int64_t done) { return done >= led; }); });
  }

  /// Returns when the leader has taken `step`; false if it ended before.
  bool awaitLeader(int64_t step) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return led > step || leaderGone; });
    return led > step;
  }

  void follow(size_t follower, int64_t step) {
    std::lock_guard lock(mutex);
    followed[follower] = step + 1;
    changed.notify_all();
  }

  void leaderEnds() {
    std::lock_guard lock(mutex);
    leaderGone = true;
    changed.notify_all();
  }
  void followerEnds(size_t follower) { follow(follower, INT64_MAX - 1); }

private:
  std::mutex mutex;
  std::condition_variable changed;
  int64_t led = 0;               // steps that the leader has taken
  std::vector<int64_t> followed; // the same of each follower
  bool leaderGone = false;
};

} // namespace skip::tool
