// Kernels that nvcc compiled, against what a host computes, in all orders and completions.
#include "tests/unit/emulator/Compiled.h"

#include <cmath>
#include <numeric>

using namespace skip::emulator;
using namespace skip::emulator::test;

static std::vector<Settings> allSettings() {
  std::vector<Settings> all;
  for (Completion completion : {Completion::eager, Completion::lazy, Completion::mixed})
    for (uint64_t seed : {1, 2, 3}) {
      Settings settings;
      settings.seed = seed;
      settings.completion = completion;
      all.push_back(settings);
    }
  all.push_back(Settings{.checks = false});
  return all;
}

TEST_CASE("a product of matrices in f32 by nvcc") {
  const size_t m = 128, n = 256, k = 24;
  std::vector<float> a = randomFloats(m * k, 1), b = randomFloats(k * n, 2), expected(m * n, 0);
  for (size_t i = 0; i < m; ++i)
    for (size_t j = 0; j < n; ++j)
      for (size_t l = 0; l < k; ++l)
        expected[i * n + j] = std::fma(a[i * k + l], b[l * n + j], expected[i * n + j]);
  for (const Settings &settings : allSettings()) {
    Device device("sm_80", settings);
    const Module &module = device.load(stored("nvcc.ptx"));
    uint64_t c = device.raw(m * n * 4);
    Launch launch = launchOf(module, "sgemm", {2, 1, 1}, {256, 1, 1});
    launch.params = Device::pack(int(m), int(n), int(k), device.put(a), device.put(b), c);
    Outcome outcome = device.run(launch);
    INFO(describe(outcome));
    REQUIRE_FALSE(outcome.fault);
    CHECK(device.get<float>(c, m * n) == expected);
    CHECK(device.memory.isWritten(c, m * n * 4));
    CHECK(outcome.counters[0].globalWriteBytes == m * n * 4);
  }
}

TEST_CASE("a softmax with shuffles by nvcc") {
  const size_t rows = 5, n = 77;
  std::vector<float> x = randomFloats(rows * n, 3);
  for (const Settings &settings : allSettings()) {
    Device device("sm_80", settings);
    const Module &module = device.load(stored("nvcc.ptx"));
    uint64_t y = device.raw(rows * n * 4);
    Launch launch = launchOf(module, "softmax", {rows, 1, 1}, {32, 1, 1});
    launch.params = Device::pack(device.put(x), y, int(n));
    Outcome outcome = device.run(launch);
    INFO(describe(outcome));
    REQUIRE_FALSE(outcome.fault);
    std::vector<float> result = device.get<float>(y, rows * n);
    for (size_t r = 0; r < rows; ++r) {
      double most = *std::max_element(&x[r * n], &x[r * n] + n), sum = 0;
      for (size_t i = 0; i < n; ++i)
        sum += std::exp(x[r * n + i] - most);
      for (size_t i = 0; i < n; ++i)
        CHECK(result[r * n + i] == Approx(std::exp(x[r * n + i] - most) / sum).epsilon(1e-5));
    }
  }
}

TEST_CASE("a reduction whose last block adds up, by nvcc") {
  std::vector<float> x(5000);
  std::iota(x.begin(), x.end(), 0.0f);
  for (const Settings &settings : allSettings()) {
    Device device("sm_80", settings);
    const Module &module = device.load(stored("nvcc.ptx"));
    uint64_t part = device.raw(7 * 4), out = device.raw(4);
    Launch launch = launchOf(module, "reduce", {7, 1, 1}, {256, 1, 1});
    launch.params = Device::pack(device.put(x), part, out, int(x.size()));
    for (int repeat = 0; repeat < 2; ++repeat) {
      Outcome outcome = device.run(launch);
      INFO(describe(outcome));
      REQUIRE_FALSE(outcome.fault);
      CHECK(device.get<float>(out, 1)[0] == 4999.0f * 5000 / 2);
    }
  }
}

TEST_CASE("recursion, doubles, 64-bit division, a switch and warp functions by nvcc") {
  auto fib = [](auto self, int n) -> int { return n < 2 ? n : self(self, n - 1) + self(self, n - 2); };
  std::vector<double> doubles(32);
  std::vector<int64_t> longs(32);
  for (int i = 0; i < 32; ++i) {
    doubles[size_t(i)] = i == 31 ? 1e12 : 0.37 * i;
    longs[size_t(i)] = (int64_t(1) << 40) * (i - 16) + i;
  }
  for (const Settings &settings : allSettings()) {
    Device device("sm_80", settings);
    const Module &module = device.load(stored("nvcc.ptx"));
    uint64_t out = device.raw(128), dd = device.put(doubles), ll = device.put(longs);
    Launch launch = launchOf(module, "misc", {1, 1, 1}, {32, 1, 1});
    launch.params = Device::pack(out, dd, ll);
    Outcome outcome = device.run(launch);
    INFO(describe(outcome));
    REQUIRE_FALSE(outcome.fault);
    std::vector<int> result = device.get<int>(out, 32);
    std::vector<double> sines = device.get<double>(dd, 32);
    std::vector<int64_t> rests = device.get<int64_t>(ll, 32);
    for (int i = 0; i < 32; ++i) {
      int value = fib(fib, i % 8) + (i & 3) + 1;
      int cases[] = {value + 5, value * 3, value ^ 9, value - 77, -value, ~value};
      uint32_t reversed = 0;
      for (int bit = 0; bit < 32; ++bit)
        reversed |= (uint32_t(i) >> bit & 1) << (31 - bit);
      value = int(uint32_t(cases[i % 6]) + 16 + 496 + uint32_t(__builtin_clz(i) * (i != 0) + 32 * (i == 0)) +
                  uint32_t(__builtin_ffs(i)) + reversed);
      CHECK(result[size_t(i)] == value);
      CHECK(sines[size_t(i)] == Approx(std::sin(doubles[size_t(i)]) / std::sqrt(doubles[size_t(i)] + 1)).epsilon(1e-14));
      CHECK(rests[size_t(i)] == longs[size_t(i)] / (i + 1) % 7);
    }
  }
}
