// The times of one candidate in several places in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace skip::tuning {

/// So many say what a candidate takes, as far as they are told from each other.
inline constexpr int64_t allPlacements = 13;

/// Which pages memory lies in often makes two kinds of places, of which one is a tenth slower. The median of a few places is of
/// either kind by chance; their mean is not, and is what a network gets that has some of both. So a candidate's time is the
/// mean of its places, less the slowest quarter, which other work may have disturbed.
class Placements {
public:
  /// `nanoseconds`, at least 1, of one more place.
  void add(int64_t nanoseconds);

  /// Counts `places` that were timed before, by another process, with that time and noise.
  void remember(int64_t nanoseconds, int64_t places, int64_t noise);

  bool isEmpty() const { return times.empty(); }
  int64_t count() const { return static_cast<int64_t>(times.size()); }

  /// In nanoseconds. There must be a place.
  int64_t time() const;
  /// By how many nanoseconds the time may be off: two standard errors of the mean; 0 of a single place.
  int64_t noise() const;

private:
  /// How many count, the fastest.
  size_t counting() const { return times.size() - times.size() / 4; }
  double mean() const;

  std::vector<int64_t> times; // ascending
};

} // namespace skip::tuning
