// Random numbers that are the same on every machine: integer arithmetic and exact sums only.
#pragma once

#include <cstdint>
#include <string_view>

namespace skip::tool {

/// SplitMix64 (Steele, Lea and Flood, 2014), one stream for each seed and name.
class Random {
public:
  Random(uint64_t seed, std::string_view stream) : state(seed * 0x9E3779B97F4A7C15u + 0x632BE59BD9B4E019u) {
    for (char c : stream)
      state = (state ^ static_cast<uint8_t>(c)) * 0x100000001B3u;
  }

  uint64_t next() {
    uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
  }

  /// In [low, high).
  float uniform(float low, float high) { return low + (high - low) * (static_cast<float>(next() >> 40) * 0x1p-24f); }

  /// Mean 0, variance 1: the sum of four uniform 16-bit numbers, near enough to the normal distribution.
  float normal() {
    uint64_t bits = next();
    auto sum = static_cast<int32_t>((bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48));
    constexpr float scale = 2.642792e-5f; // sqrt(3) / 65536; the variance of one is 65536^2 / 12
    return static_cast<float>(sum - 131070) * scale;
  }

private:
  uint64_t state;
};

} // namespace skip::tool
