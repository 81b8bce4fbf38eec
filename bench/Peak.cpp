// Chains of multiply-adds that wait for nothing but the units that compute them.
#include "bench/Peak.h"

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

/// Twelve independent chains fill two pipelines of latency four or five. Assembly, because a compiler may shorten such a loop.
template <typename Vector> static inline __attribute__((always_inline)) void multiplyAdd(int64_t rounds, const Vector &seed) {
  Vector a = seed, b = seed, c = seed, d = seed, e = seed, f = seed, g = seed, h = seed, i = seed, j = seed, k = seed, l = seed;
  for (int64_t round = 0; round < rounds; ++round)
    asm volatile("vfmadd231ps %12, %12, %0\n vfmadd231ps %12, %12, %1\n vfmadd231ps %12, %12, %2\n vfmadd231ps %12, %12, %3\n"
                 "vfmadd231ps %12, %12, %4\n vfmadd231ps %12, %12, %5\n vfmadd231ps %12, %12, %6\n vfmadd231ps %12, %12, %7\n"
                 "vfmadd231ps %12, %12, %8\n vfmadd231ps %12, %12, %9\n vfmadd231ps %12, %12, %10\n vfmadd231ps %12, %12, %11\n"
                 : "+x"(a), "+x"(b), "+x"(c), "+x"(d), "+x"(e), "+x"(f), "+x"(g), "+x"(h), "+x"(i), "+x"(j), "+x"(k), "+x"(l)
                 : "x"(seed));
}

__attribute__((target("avx512f,fma"))) static void fmaAvx512(int64_t rounds) {
  typedef float Vector __attribute__((vector_size(64)));
  multiplyAdd<Vector>(rounds, Vector{} + 0.5f);
}

__attribute__((target("avx2,fma"))) static void fmaAvx2(int64_t rounds) {
  typedef float Vector __attribute__((vector_size(32)));
  multiplyAdd<Vector>(rounds, Vector{} + 0.5f);
}

double bench::peakGflops(SkipIsa isa) {
  constexpr int64_t rounds = 20000;
  double time = bestSeconds([&] { isa == SKIP_ISA_AVX512 ? fmaAvx512(rounds) : fmaAvx2(rounds); });
  return 2.0 * rounds * 12 * (isa == SKIP_ISA_AVX512 ? 16 : 8) / time * 1e-9;
}
