// Two measurements: independent chains of fused multiply-adds in registers, and memcpy.
//
// Copies are measured at several working sets, since a step
// whose operands lie in a cache is not bound by the memory behind it; a step takes the smallest working set that holds its
// operands.
#include "tools/tuning/Peak.h"

#include "tools/tuning/MultiplyAdds.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <thread>

using namespace skip;
using tool::Peak;

static double secondsOf(const std::function<void()> &work) {
  auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The least seconds of several runs in which all threads do `work(thread)`, `repetitions` times.
static double leastSeconds(unsigned threads, int repetitions, const std::function<void(unsigned)> &work) {
  std::vector<double> least(threads, 1e30);
  auto measure = [&](unsigned thread) {
    for (int i = 0; i < repetitions; ++i)
      least[thread] = std::min(least[thread], secondsOf([&] { work(thread); }));
  };
  {
    std::vector<std::jthread> others;
    for (unsigned thread = 1; thread < threads; ++thread)
      others.emplace_back(measure, thread);
    measure(0);
  }
  return *std::max_element(least.begin(), least.end());
}

static double measureFlops(tool::Body body, unsigned threads) {
  bool wide = body == tool::Body::avx512;
  std::vector<float> sink(threads);
  double seconds = leastSeconds(
      threads, 60, [&](unsigned thread) { sink[thread] = wide ? tool::multiplyAddAvx512() : tool::multiplyAddAvx2(); });
  return 2.0 * (wide ? 16 : 8) * tool::multiplyAddChains * tool::multiplyAddRounds * threads / seconds;
}

/// Bytes read and written by copying half of a working set of `bytes` to its other half, shared out over the threads.
static double measureCopy(size_t bytes, unsigned threads) {
  size_t share = std::max<size_t>(bytes / threads / 2, 64);
  std::vector<std::vector<char>> from(threads, std::vector<char>(share, 1)), to = from;
  int inner = static_cast<int>(std::max<size_t>(1, (size_t(1) << 20) / share));
  double seconds = leastSeconds(threads, 12, [&](unsigned thread) {
    for (int i = 0; i < inner; ++i) {
      std::memcpy(to[thread].data(), from[thread].data(), share);
      asm volatile("" : : "r"(to[thread].data()) : "memory");
    }
  });
  return 2.0 * static_cast<double>(share) * inner * threads / seconds;
}

Peak Peak::measure(Body body, unsigned threads) {
  Peak peak;
  peak.flopsPerSecond = measureFlops(body, threads);
  for (size_t bytes = size_t(1) << 16; bytes <= size_t(1) << 28; bytes <<= 2)
    peak.copies.push_back({static_cast<double>(bytes), measureCopy(bytes, threads)});
  return peak;
}

Peak Peak::assumed(const tuning::Device &device) {
  constexpr double hertz = 3e9;
  double vectorBytes = device.body == Body::avx512 ? 64 : 32;
  Peak peak;
  peak.flopsPerSecond = 2 * 2 * vectorBytes / sizeof(float) * hertz;
  peak.copies = {{static_cast<double>(device.l1), vectorBytes * hertz},
                 {static_cast<double>(device.l2), vectorBytes * hertz / 2},
                 {static_cast<double>(device.l3), 8 * hertz},
                 {1e18, 4 * hertz}};
  return peak;
}

double Peak::bandwidth(double bytes) const {
  for (const Copy &copy : copies)
    if (copy.bytes >= bytes)
      return copy.perSecond;
  return copies.back().perSecond;
}

double Peak::seconds(double flops, double bytes) const { return std::max(flops / flopsPerSecond, bytes / bandwidth(bytes)); }
bool Peak::boundByMemory(double flops, double bytes) const { return flops / flopsPerSecond < bytes / bandwidth(bytes); }
