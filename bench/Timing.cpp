// The best of many short runs.
#include "bench/Timing.h"

#include <algorithm>
#include <chrono>

using namespace skip;

static double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double bench::bestSeconds(const std::function<void()> &work) {
  double start = seconds();
  work();
  int repeats = std::max(1, int(2e-4 / std::max(seconds() - start, 1e-9)));
  double best = 1e9;
  for (int sample = 0; sample < 12 || (sample < 400 && seconds() - start < 0.25); ++sample) {
    double begin = seconds();
    for (int i = 0; i < repeats; ++i)
      work();
    best = std::min(best, (seconds() - begin) / repeats);
  }
  return best;
}
