// Kernels that nvcc compiled, against what a host computes, in all orders and completions: from stored texts, and compiled anew
// where nvcc is found.
#include "tests/unit/emulator/Compiled.h"

#include "emulator/tensor/Float.h"

#include <cmath>
#include <numeric>

using namespace skip::emulator;
using namespace skip::emulator::test;

namespace {

std::vector<Settings> allSettings() {
  std::vector<Settings> all;
  for (Completion completion : {Completion::eager, Completion::lazy, Completion::mixed})
    for (uint64_t seed : {1, 2, 3}) {
      Settings settings;
      settings.seed = seed;
      settings.completion = completion;
      settings.maxWarpInstructions = 10'000'000;
      all.push_back(settings);
    }
  all.push_back(Settings{.checks = false});
  return all;
}

struct Text {
  std::string architecture, ptx;
};

/// The launch, which must not fail.
Outcome runRight(Device &device, const Launch &launch) {
  Outcome outcome = device.run(launch);
  INFO(describe(outcome));
  REQUIRE_FALSE(outcome.fault);
  return outcome;
}

void product(const Text &text, const Settings &settings) {
  const size_t m = 128, n = 256, k = 24;
  std::vector<float> a = randomFloats(m * k, 1), b = randomFloats(k * n, 2), expected(m * n, 0);
  for (size_t i = 0; i < m; ++i)
    for (size_t j = 0; j < n; ++j)
      for (size_t l = 0; l < k; ++l)
        expected[i * n + j] = std::fma(a[i * k + l], b[l * n + j], expected[i * n + j]);
  Device device(text.architecture, settings);
  const Module &module = device.load(text.ptx);
  uint64_t c = device.raw(m * n * 4);
  Launch launch = launchOf(module, "sgemm", {2, 1, 1}, {256, 1, 1});
  launch.params = Device::pack(int(m), int(n), int(k), device.put(a), device.put(b), c);
  Outcome outcome = runRight(device, launch);
  CHECK(device.get<float>(c, m * n) == expected);
  CHECK(device.memory.isWritten(c, m * n * 4));
  CHECK(outcome.counters[0].globalWriteBytes == m * n * 4);
}

void softmax(const Text &text, const Settings &settings) {
  const size_t rows = 5, n = 77;
  std::vector<float> x = randomFloats(rows * n, 3);
  Device device(text.architecture, settings);
  const Module &module = device.load(text.ptx);
  uint64_t y = device.raw(rows * n * 4);
  Launch launch = launchOf(module, "softmax", {rows, 1, 1}, {32, 1, 1});
  launch.params = Device::pack(device.put(x), y, int(n));
  runRight(device, launch);
  std::vector<float> result = device.get<float>(y, rows * n);
  for (size_t r = 0; r < rows; ++r) {
    double most = *std::max_element(&x[r * n], &x[r * n] + n), sum = 0;
    for (size_t i = 0; i < n; ++i)
      sum += std::exp(x[r * n + i] - most);
    for (size_t i = 0; i < n; ++i)
      CHECK(result[r * n + i] == Approx(std::exp(x[r * n + i] - most) / sum).epsilon(1e-5));
  }
}

void ticket(const Text &text, const Settings &settings) {
  std::vector<float> x(5000);
  std::iota(x.begin(), x.end(), 0.0f);
  Device device(text.architecture, settings);
  const Module &module = device.load(text.ptx);
  uint64_t part = device.raw(7 * 4), out = device.raw(4);
  Launch launch = launchOf(module, "reduce", {7, 1, 1}, {256, 1, 1});
  launch.params = Device::pack(device.put(x), part, out, int(x.size()));
  for (int repeat = 0; repeat < 2; ++repeat) {
    runRight(device, launch);
    CHECK(device.get<float>(out, 1)[0] == 4999.0f * 5000 / 2);
  }
}

void halves(const Text &text, const Settings &settings) {
  const size_t n = 100;
  std::vector<uint16_t> a, b, c, d;
  for (float value : randomFloats(2 * n, 4)) {
    a.push_back(toF16(value));
    b.push_back(toBf16(value));
    c.push_back(toF16(value - 1));
    d.push_back(toBf16(-value));
  }
  Device device(text.architecture, settings);
  const Module &module = device.load(text.ptx);
  uint64_t outC = device.put(c), outD = device.put(d);
  Launch launch = launchOf(module, "halves", {1, 1, 1}, {128, 1, 1});
  launch.params = Device::pack(device.put(a), device.put(b), outC, outD, int(n));
  runRight(device, launch);
  std::vector<uint16_t> foundC = device.get<uint16_t>(outC, 2 * n), foundD = device.get<uint16_t>(outD, 2 * n);
  for (size_t i = 0; i < 2 * n; ++i) {
    double x = fromF16(a[i]), y = fromBf16(b[i]);
    CHECK(foundC[i] == toF16(x * x + std::max<double>(x, fromF16(c[i]))));
    CHECK(foundD[i] == toBf16(std::max(y * y + fromBf16(d[i]), 0.0), Rounding::rn));
  }
}

int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

int reversed(int n) {
  int value = 0;
  for (; n; n /= 10)
    value = value * 10 + n % 10;
  return value;
}

int controlled(int i) {
  int x = fibonacci(i % 8) + (i & 3) + 1;
  int cases[] = {x + 5, x * 3, x ^ 9, x - 77, reversed(i * 37), ~x};
  uint32_t mirrored = 0;
  for (int bit = 0; bit < 32; ++bit)
    mirrored |= (uint32_t(i) >> bit & 1) << (31 - bit);
  uint32_t zeros = i ? uint32_t(__builtin_clz(uint32_t(i))) : 32;
  return int(uint32_t(cases[i % 6]) + 16 + 496 + zeros + uint32_t(__builtin_ffs(i)) + mirrored);
}

void control(const Text &text, const Settings &settings) {
  std::vector<double> reals(32);
  std::vector<int64_t> wholes(32);
  for (int i = 0; i < 32; ++i) {
    reals[size_t(i)] = 0.37 * i;
    wholes[size_t(i)] = (int64_t(1) << 40) * (i - 16) + i;
  }
  Device device(text.architecture, settings);
  const Module &module = device.load(text.ptx);
  uint64_t out = device.raw(128), real = device.put(reals), whole = device.put(wholes);
  Launch launch = launchOf(module, "control", {1, 1, 1}, {32, 1, 1});
  launch.params = Device::pack(out, real, whole);
  runRight(device, launch);
  std::vector<int> result = device.get<int>(out, 32);
  std::vector<double> roots = device.get<double>(real, 32);
  std::vector<int64_t> rests = device.get<int64_t>(whole, 32);
  for (int i = 0; i < 32; ++i) {
    double x = reals[size_t(i)];
    CHECK(result[size_t(i)] == controlled(i));
    CHECK(roots[size_t(i)] == std::fma(x, x, 1) / std::sqrt(x + 2));
    CHECK(rests[size_t(i)] == wholes[size_t(i)] / (i + 1) % 7);
  }
}

void bulk(const Text &text, const Settings &settings) {
  std::vector<int> in(1024);
  std::iota(in.begin(), in.end(), 5);
  Device device(text.architecture, settings);
  const Module &module = device.load(text.ptx);
  uint64_t out = device.raw(4096);
  Launch launch = launchOf(module, "bulk", {1, 1, 1}, {128, 1, 1});
  launch.params = Device::pack(device.put(in), out);
  runRight(device, launch);
  for (int &value : in)
    ++value;
  CHECK(device.get<int>(out, 1024) == in);
}

void exchange(const Text &text, const Settings &settings) {
  std::vector<int> in(256), expected;
  std::iota(in.begin(), in.end(), 0);
  for (int i = 0; i < 256; ++i)
    expected.push_back((i / 64 ^ 1) * 64 + 63 - i % 64);
  Device device(text.architecture, settings);
  const Module &module = device.load(text.ptx);
  uint64_t out = device.raw(1024);
  Launch launch = launchOf(module, "exchange", {4, 1, 1}, {64, 1, 1});
  launch.params = Device::pack(device.put(in), out);
  runRight(device, launch);
  CHECK(device.get<int>(out, 256) == expected);
}

using Check = void (*)(const Text &, const Settings &);
const std::vector<Check> kEverywhere = {product, softmax, ticket, halves, control}, kHopper = {bulk, exchange};

void checkAll(const Text &text, const std::vector<Check> &checks) {
  for (const Settings &settings : allSettings())
    for (Check check : checks) {
      INFO("seed " << settings.seed << ", completion " << int(settings.completion) << ", checks " << settings.checks);
      check(text, settings);
    }
}

} // namespace

TEST_CASE("what nvcc compiled for sm_80") { checkAll({"sm_80", stored("nvcc80.ptx")}, kEverywhere); }

TEST_CASE("what nvcc compiled for sm_90a") {
  checkAll({"sm_90a", stored("nvcc90.ptx")}, kEverywhere);
  checkAll({"sm_90a", stored("nvcc90.ptx")}, kHopper);
}

TEST_CASE("what this machine's nvcc compiles") {
  for (const char *architecture : {"sm_80", "sm_90a"}) {
    std::optional<std::string> ptx = compiled(architecture);
    if (!ptx) {
      WARN("nvcc is not found, or does not know " << architecture << ": skipped");
      return;
    }
    checkAll({architecture, *ptx}, kEverywhere);
    if (architecture == std::string("sm_90a"))
      checkAll({architecture, *ptx}, kHopper);
  }
}
